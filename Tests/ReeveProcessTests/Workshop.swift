import Glibc
import ReeveProcess

/// What a test with real processes works with: a folder of its own and all processes it starts.
final class Workshop: Sendable {
    static let startOfTime: Int64 = 1_700_000_000_000
    static let path = "PATH=/usr/bin:/bin"

    let folder: String
    let processes: Processes

    init(cgroups: CgroupTree = CgroupTree(without: "none was asked for")) throws {
        var template = Array("/tmp/reeve-process-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw StartFailed() }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        processes = try Processes(now: { Self.startOfTime }, clock: ContinuousClock(), cgroups: cgroups)
    }

    deinit {
        Self.remove(folder)
    }

    struct StartFailed: Error {}

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func spool(_ name: String = "output", quota: Int = 1 << 20) -> SpoolSpecification {
        SpoolSpecification(path: path(name), quota: quota)
    }

    /// A shell that runs `script`, with its output kept.
    func shell(_ script: String, environment: [String] = [path], name: String = "output") -> ProcessSpecification {
        ProcessSpecification(
            arguments: ["/bin/sh", "-c", script],
            environment: environment,
            workingDirectory: folder,
            output: spool(name)
        )
    }

    /// Runs it to its end and answers that with everything it wrote.
    func run(_ specification: ProcessSpecification, key: String = "main") async throws -> Result {
        let key = ProcessKey(key)
        try processes.start(specification, key: key)
        guard let end = await processes.ended(key), let spool = specification.output else { throw StartFailed() }
        let reader = SpoolReader(path: spool.path)
        return Result(
            end: end,
            output: try reader.read(stream: .output).bytes,
            error: try reader.read(stream: .error).bytes
        )
    }

    struct Result {
        let end: ProcessEnd
        let output: [UInt8]
        let error: [UInt8]

        var text: String { String(decoding: output, as: UTF8.self) }
    }

    func write(_ text: String, to name: String, mode: mode_t = 0o644) {
        let file = open(path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        _ = text.utf8CString.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count - 1) }
        close(file)
    }

    func makeFIFO(_ name: String) {
        mkfifo(path(name), 0o600)
    }

    /// Waits until somebody reads the FIFO, and lets it go on with a line.
    func release(_ name: String) {
        write("go\n", to: name)
    }

    private static func remove(_ folder: String) {
        guard let entries = opendir(folder) else { return }
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name != ".", name != ".." else { continue }
            if unlink("\(folder)/\(name)") < 0 { remove("\(folder)/\(name)") }
        }
        closedir(entries)
        rmdir(folder)
    }
}
