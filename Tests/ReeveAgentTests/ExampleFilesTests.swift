import ReeveProtocol
import Testing

@testable import ReeveAgent

/// The files that are shipped as examples are good.
struct ExampleFilesTests {
    @Test func `the services of the examples are taken`() throws {
        let folder = ProtocolFile.repository + "/contrib/examples/services.d"
        let paths = try #require(try DropInFolder(folder).contents()?.paths)
        #expect(try paths.flatMap { try serviceFile($0).services.map(\.name) } == ["migrate", "web"])
    }

    @Test func `the tasks of the examples are taken`() throws {
        let folder = ProtocolFile.repository + "/contrib/examples/conf.d"
        let paths = try #require(try DropInFolder(folder).contents()?.paths)
        let ids = try paths.flatMap { try taskFile($0).tasks.map(\.task.id) }
        #expect(ids == ["backup", "tmp-clean", "certificates", "announce"])
    }
}
