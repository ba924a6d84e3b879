import CLinux
import Glibc

/// What a process gets as its standard streams, and where the agent reads what it writes to them.
struct StandardStreams: ~Copyable {
    /// Of a terminal that is all three of them; else only what it reads: -1 if that is opened later, as its user.
    let input: Descriptor
    let isTerminal: Bool
    private let output: Pipe
    private let error: Pipe

    var outputNumber: CInt { isTerminal ? input.raw : output.writing.raw }
    var errorNumber: CInt { isTerminal ? input.raw : error.writing.raw }

    private init(_ input: consuming Descriptor, _ output: consuming Pipe, _ error: consuming Pipe, isTerminal: Bool) {
        self.input = input
        self.output = output
        self.error = error
        self.isTerminal = isTerminal
    }

    static func make(_ input: StandardInput, of user: ProcessUser?) throws(StartError) -> StandardStreams {
        if case .terminal(let size) = input { return try terminal(size, of: user) }
        return StandardStreams(try open(input), try Pipe(), try Pipe(), isTerminal: false)
    }

    private static func terminal(_ size: TerminalSize, of user: ProcessUser?) throws(StartError) -> StandardStreams {
        var ends: (agent: CInt, process: CInt) = (-1, -1)
        let result = clinux_terminal(&ends.agent, &ends.process, size.columns, size.rows)
        guard result == 0 else { throw StartError(.descriptors, errno: -result, path: "/dev/ptmx") }
        let agent = Pipe(reading: ends.agent)
        let process = Descriptor(ends.process)
        if let user, fchown(process.raw, user.user, gid_t.max) != 0 {
            throw StartError(.descriptors, errno: errno, detail: "cannot give it its terminal")
        }
        // The end of the errors comes at once: nobody writes to that pipe.
        return StandardStreams(process, agent, try Pipe(), isTerminal: true)
    }

    static func open(_ input: StandardInput) throws(StartError) -> Descriptor {
        switch input {
        case .null:
            let null = Glibc.open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard null >= 0 else { throw StartError(.descriptors, errno: errno, path: "/dev/null") }
            return Descriptor(null)
        case .bytes(let bytes):
            let file = bytes.withUnsafeBytes { clinux_memory_file($0.baseAddress, $0.count) }
            guard file >= 0 else { throw StartError(.descriptors, errno: -file) }
            return Descriptor(file)
        case .file, .terminal:
            return Descriptor(-1)
        }
    }

    /// Hands over the ends that are read; the process's own are closed.
    consuming func takeReading() -> (output: CInt, error: CInt) {
        (output.takeReading(), error.takeReading())
    }
}

/// Both ends of a pipe, until one is taken.
struct Pipe: ~Copyable {
    let reading: Descriptor
    let writing: Descriptor

    init() throws(StartError) {
        var ends: (reading: CInt, writing: CInt) = (-1, -1)
        let result = clinux_pipe(&ends.reading, &ends.writing)
        guard result == 0 else { throw StartError(.descriptors, errno: -result) }
        reading = Descriptor(ends.reading)
        writing = Descriptor(ends.writing)
    }

    /// What is read like one, and written to elsewhere.
    init(reading: CInt) {
        self.reading = Descriptor(reading)
        writing = Descriptor(-1)
    }

    consuming func takeReading() -> CInt {
        reading.take()
    }
}
