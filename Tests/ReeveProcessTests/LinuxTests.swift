import CLinux
import Glibc
import Testing

@testable import ReeveProcess

@Suite struct LinuxTests {
    @Test func `a process starts also where there is no clone3`() throws {
        let arguments = CStrings(["/bin/sh", "-c", "exit 3"])
        let environment = CStrings([])
        var paths: [UnsafePointer<CChar>?] = [UnsafePointer(arguments.pointers[0]), nil]
        var request = clinux_spawn()
        request.input = -1
        request.output = -1
        request.error = -1
        request.cgroup = -1
        request.umask = -1
        request.arguments = UnsafePointer(arguments.pointers)
        request.environment = UnsafePointer(environment.pointers)
        let (pid, pidfd) = try ChildCensus.starting { () throws(StartError) -> (pid_t, CInt) in
            let result = paths.withUnsafeMutableBufferPointer {
                request.paths = UnsafePointer($0.baseAddress)
                return clinux_spawn_without_clone3(&request)
            }
            if result < 0 { throw StartError(.process, errno: request.error_number) }
            return (request.pid, request.pidfd)
        }
        withExtendedLifetime(arguments) {}
        withExtendedLifetime(environment) {}
        var waited = pollfd(fd: pidfd, events: Int16(POLLIN), revents: 0)
        #expect(poll(&waited, 1, 30_000) == 1)
        guard case .ended(let end) = ChildCensus.reap(pid) else { throw Workshop.StartFailed() }
        #expect(clinux_exit_code(end.status) == 3)
        guard case .lost = ChildCensus.reap(pid) else { throw Workshop.StartFailed() }
        close(pidfd)
    }

    @Test func `the kernel says who is at the other end of a socket`() {
        var ends: [CInt] = [-1, -1]
        #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { for end in ends { close(end) } }
        var peer = clinux_peer()
        #expect(clinux_peer(ends[0], &peer) == 0)
        #expect(peer.user == geteuid())
        #expect(peer.group == getegid())
        #expect(peer.pid == getpid())
    }

    @Test func `no socket has no peer`() {
        var peer = clinux_peer()
        #expect(clinux_peer(0, &peer) < 0)
    }

    @Test func `a clock timer fires for what is past and waits for what never comes`() {
        let timer = clinux_clock_timer()
        defer { close(timer) }
        #expect(clinux_clock_timer_arm(timer, -1) == 0)
        #expect(clinux_clock_timer_read(timer) == CInt(clinux_timer_idle))
        #expect(clinux_clock_timer_arm(timer, 4_000_000_000_000) == 0)
        #expect(clinux_clock_timer_read(timer) == CInt(clinux_timer_idle))
        for past: Int64 in [0, 1, 1_000_000_000_000] {
            #expect(clinux_clock_timer_arm(timer, past) == 0)
            var waited = pollfd(fd: timer, events: Int16(POLLIN), revents: 0)
            #expect(poll(&waited, 1, 30_000) == 1)
            #expect(clinux_clock_timer_read(timer) == CInt(clinux_timer_fired))
            #expect(clinux_clock_timer_read(timer) == CInt(clinux_timer_idle))
        }
    }

    @Test func `a delay timer fires once`() {
        let timer = clinux_delay_timer(0)
        defer { close(timer) }
        var waited = pollfd(fd: timer, events: Int16(POLLIN), revents: 0)
        #expect(poll(&waited, 1, 30_000) == 1)
    }
}
