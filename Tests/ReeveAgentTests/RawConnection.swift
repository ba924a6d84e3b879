import Glibc
import JSON
import TestSupport

/// A connection that sends what a test says, byte by byte, and reads lines.
final class RawConnection: Sendable {
    private let descriptor: CInt

    struct Failed: Error {
        var what: String
        var number: CInt
    }

    /// Blocks no longer than it takes to get into the socket's queue.
    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { throw Failed(what: "connect", number: errno) }
    }

    deinit {
        close(descriptor)
    }

    /// Few bytes: they fit into the socket's buffer.
    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard write(descriptor, bytes, bytes.count) == bytes.count else { throw Failed(what: "write", number: errno) }
    }

    /// The next line that is not empty; `nil` at the end.
    func line() async throws -> String? {
        try await onOwnThread { [descriptor] in
            var bytes: [UInt8] = []
            var byte: UInt8 = 0
            while true {
                let count = read(descriptor, &byte, 1)
                guard count >= 0 else { throw Failed(what: "read", number: errno) }
                if count == 0 { return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self) }
                guard byte == UInt8(ascii: "\n") else {
                    bytes.append(byte)
                    continue
                }
                if !bytes.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            }
        }
    }

    func answer() async throws -> JSON? {
        try await line().map { try JSON(parsing: $0) }
    }
}
