import Glibc
import TestSupport

/// The socket to which a daemon tells how it is (`sd_notify(3)`), as systemd would have it.
struct NotifySocket: Sendable {
    let path: String
    private let descriptor: CInt
    private static let end = "TEST_ENDED=1"

    init(_ path: String) throws {
        self.path = path
        unlink(path)
        descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemFailure("make a socket") }
        let bound = Self.with(path) { bind(descriptor, $0, $1) }
        guard bound == 0 else {
            close(descriptor)
            throw SystemFailure("bind \(path)")
        }
    }

    /// What is told, message by message, until the process has ended; for one reader. To be called once.
    func messages(until child: Child) throws -> AsyncStream<[String]> {
        let (stream, continuation) = AsyncStream.makeStream(of: [String].self)
        try startThread {
            while let message = receive(), message != Self.end {
                continuation.yield(message.split(separator: "\n").map(String.init))
            }
            close(descriptor)
            continuation.finish()
        }
        // The end is told the same way, so that it comes behind all that the process said.
        try startThread {
            child.waitForEnd()
            _ = Self.with(path) { address, length in
                Self.end.withCString { sendto(descriptor, $0, Self.end.utf8.count, 0, address, length) }
            }
        }
        return stream
    }

    private func receive() -> String? {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count >= 0 { return String(decoding: buffer.prefix(count), as: UTF8.self) }
            guard errno == EINTR else { return nil }
        }
    }

    private static func with(
        _ path: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> some BinaryInteger
    ) -> Int {
        Int(withUnixAddress(path, body))
    }
}

/// Calls `body` with the address of a Unix socket. The path has to be short enough.
func withUnixAddress<Result>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
    return withUnsafePointer(to: address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
