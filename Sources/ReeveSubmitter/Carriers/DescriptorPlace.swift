import Glibc

/// Writes lines to a descriptor that somebody else has opened, such as standard output. There is nothing to sync.
struct DescriptorPlace: LinePlace {
    /// What can be written to a pipe that has any room without being held up (pipe(7)).
    private static let piece = 4096

    private let descriptor: CInt
    /// A line was begun and given up.
    private var isTorn = false

    init(_ descriptor: CInt) {
        self.descriptor = descriptor
    }

    mutating func write(_ lines: [[UInt8]], while isWanted: () -> Bool) throws(TransportFailure) {
        for line in lines {
            let bytes = isTorn ? [UInt8(ascii: "\n")] + line : line
            var written = 0
            defer { isTorn = written > 0 && written < bytes.count || isTorn && written == 0 }
            while written < bytes.count {
                try waitForRoom(isWanted)
                let count = bytes[written...].prefix(Self.piece).withUnsafeBytes {
                    Glibc.write(descriptor, $0.baseAddress, $0.count)
                }
                if count < 0, errno == EINTR || errno == EAGAIN { continue }
                guard count > 0 else { throw Self.failure() }
                written += count
            }
        }
    }

    private func waitForRoom(_ isWanted: () -> Bool) throws(TransportFailure) {
        while true {
            var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            let count = poll(&wait, 1, 100)
            if count > 0 { return }
            if count < 0, errno != EINTR { throw Self.failure() }
            guard isWanted() else { throw TransportFailure("nobody reads the standard output") }
        }
    }

    private static func failure() -> TransportFailure {
        TransportFailure("cannot write to standard output: \(String(cString: strerror(errno)))")
    }
}
