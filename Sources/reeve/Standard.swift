import Glibc

/// The three standard streams. Data goes to output, words to error.
enum Standard {
    /// Writes a line, or several.
    static func print(_ text: String) {
        write(Array((text.hasSuffix("\n") ? text : text + "\n").utf8), to: STDOUT_FILENO)
    }

    static func say(_ text: String) {
        write(Array((text.hasSuffix("\n") ? text : text + "\n").utf8), to: STDERR_FILENO)
    }

    /// Writes all, however long the reader takes. A reader that has gone ends the program, as the signal would that
    /// the network library has turned off.
    static func write(_ bytes: [UInt8], to descriptor: Int32) {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EAGAIN {
                    var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&waiting, 1, -1)
                } else if errno == EPIPE {
                    exit(ExitCodes.signalBase + SIGPIPE)
                } else if errno != EINTR {
                    return
                }
            }
        }
    }

    /// All of standard input.
    static func read() throws -> String {
        try File.read(descriptor: STDIN_FILENO, name: "standard input")
    }
}
