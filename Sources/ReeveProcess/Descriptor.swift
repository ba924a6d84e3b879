import Glibc

/// A file descriptor that is closed when it goes out of scope, unless it is taken.
struct Descriptor: ~Copyable {
    private var number: CInt

    /// Takes over an open descriptor.
    init(_ number: CInt) {
        self.number = number
    }

    var raw: CInt { number }

    /// Hands it over: closing is the caller's part from now on.
    consuming func take() -> CInt {
        let taken = number
        number = -1
        return taken
    }

    deinit {
        if number >= 0 { close(number) }
    }
}

/// Reads what there is, retrying when a signal interrupts; negative: the negated error number.
func readSome(_ descriptor: CInt, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    while true {
        let count = read(descriptor, buffer.baseAddress, buffer.count)
        if count >= 0 { return count }
        if errno != EINTR { return -Int(errno) }
    }
}

/// Writes all of it, going on when a signal interrupts. 0, or the error number.
package func writeAll(_ bytes: [UInt8], to descriptor: CInt) -> CInt {
    var written = 0
    while written < bytes.count {
        let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return count < 0 ? errno : ENOSPC }
        written += count
    }
    return 0
}

/// Reads up to `limit` bytes of a file such as those in `/proc`; `nil` if it cannot be opened or read.
func readFile(_ path: String, limit: Int) -> [UInt8]? {
    let opened = open(path, O_RDONLY | O_CLOEXEC)
    guard opened >= 0 else { return nil }
    let file = Descriptor(opened)
    // Most are small: room for the limit would be mapped and unmapped each time.
    var room = min(limit, 4096)
    var bytes: [UInt8] = []
    while true {
        guard let more = readUpTo(room, file.raw) else { return nil }
        bytes += more
        guard more.count == room, bytes.count < limit else { return bytes }
        room = min(bytes.count, limit - bytes.count)
    }
}

/// So many bytes, or all there are; `nil` if they cannot be read.
private func readUpTo(_ limit: Int, _ descriptor: CInt) -> [UInt8]? {
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, filled in
        while filled < limit {
            let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled...])
            let count = readSome(descriptor, rest)
            if count < 0 { failed = true }
            if count <= 0 { return }
            filled += count
        }
    }
    return failed ? nil : bytes
}
