import Glibc

/// A named pipe that a process waits for, until the test lets it go on.
struct Fifo: Sendable {
    let path: String

    struct Failed: Error {
        var number: CInt
    }

    init(_ path: String) throws {
        guard mkfifo(path, 0o666) == 0 else { throw Failed(number: errno) }
        self.path = path
    }

    /// Lets who reads it go on, with a line. Waits until somebody does.
    func open(_ line: String = "go") async throws {
        try await onOwnThread { [path] in
            guard let file = fopen(path, "we") else { throw Failed(number: errno) }
            fputs(line + "\n", file)
            fclose(file)
        }
    }

    /// The line that somebody writes into it. Waits until somebody does.
    func line() async throws -> String {
        try await onOwnThread { [path] in
            guard let file = fopen(path, "re") else { throw Failed(number: errno) }
            defer { fclose(file) }
            var buffer = [CChar](repeating: 0, count: 256)
            guard fgets(&buffer, CInt(buffer.count), file) != nil else { throw Failed(number: errno) }
            return String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init), as: UTF8.self)
        }
    }
}
