import ArgumentParser
import Testing

@testable import reeve

struct PlaceTests {
    private func path(
        _ arguments: [String],
        _ environment: [String: String] = [:],
        files: Set<String> = []
    ) throws -> String {
        let options = try GlobalOptions.parse(arguments)
        return SocketChoice.path(options, environment: { environment[$0] }, uid: 1000, exists: { files.contains($0) })
    }

    @Test func `the option goes before everything`() throws {
        #expect(try path(["--socket", "/a"], ["REEVE_SOCKET": "/b"]) == "/a")
    }

    @Test func `the variable goes before the usual places`() throws {
        #expect(try path([], ["REEVE_SOCKET": "/b"], files: ["/run/user/1000/reeve/reeve.sock"]) == "/b")
    }

    @Test func `the user's own agent is used if its socket is there`() throws {
        #expect(try path([], files: ["/run/user/1000/reeve/reeve.sock"]) == "/run/user/1000/reeve/reeve.sock")
        #expect(try path([], ["XDG_RUNTIME_DIR": "/x"], files: ["/x/reeve/reeve.sock"]) == "/x/reeve/reeve.sock")
        #expect(try path([]) == "/run/reeve/reeve.sock")
    }

    @Test func `user and system force one, whatever is there`() throws {
        #expect(try path(["--user"], ["REEVE_SOCKET": "/b"]) == "/run/user/1000/reeve/reeve.sock")
        #expect(
            try path(["--system"], ["REEVE_SOCKET": "/b"], files: ["/run/user/1000/reeve/reeve.sock"])
                == "/run/reeve/reeve.sock"
        )
    }

    @Test func `only one of them can be given`() {
        #expect(throws: (any Error).self) { try GlobalOptions.parse(["--user", "--system"]) }
    }

    @Test(
        arguments: [
            ("Europe/Berlin", "Europe/Berlin"), (":Europe/Berlin", "Europe/Berlin"),
            ("/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"),
            ("../usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"), ("CET-1CEST,M3.5.0,M10.5.0/3", nil), ("", nil),
            ("/etc/passwd", nil),
        ] as [(String, String?)]
    )
    func `a zone is sent by the name that the host has for it`(text: String, name: String?) {
        #expect(Host.zoneName(text) { $0.hasSuffix("/Europe/Berlin") } == name)
    }
}
