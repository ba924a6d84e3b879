import Glibc

/// A named pipe by which a process of a run tells the test where it is, and is told to go on.
package struct Fifo: Sendable {
    package let path: String

    package init(_ path: String) throws {
        guard mkfifo(path, 0o666) == 0 else { throw SystemFailure("make \(path)") }
        self.path = path
    }

    /// Lets who reads it go on, with a line. Waits until somebody does.
    package func write(_ line: String = "go") async throws {
        try await onOwnThread { [path] in
            guard let file = fopen(path, "we") else { throw SystemFailure("open \(path)") }
            fputs(line + "\n", file)
            fclose(file)
        }
    }

    /// The line that somebody writes into it. Waits until somebody does.
    package func line() async throws -> String {
        try await onOwnThread { [path] in
            guard let file = fopen(path, "re") else { throw SystemFailure("open \(path)") }
            defer { fclose(file) }
            var buffer = [CChar](repeating: 0, count: 256)
            guard fgets(&buffer, CInt(buffer.count), file) != nil else { throw SystemFailure("read \(path)") }
            return String(decoding: buffer.prefix { $0 != 0 && $0 != 10 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    }
}
