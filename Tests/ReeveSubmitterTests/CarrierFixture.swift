import Glibc
import JSON
import ReeveLaunch
import ReeveProcess
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveSubmitter

/// A folder of a test's own, and what carries to endpoints from there.
final class CarrierFixture: Sendable {
    let folder: String
    let processes: Processes

    init() throws {
        var template = Array("/tmp/reeve-carrier-XXXXXX".utf8CString)
        folder = try #require(mkdtemp(&template).map { String(cString: $0) })
        processes = try Processes(now: { 0 }, clock: ContinuousClock())
    }

    deinit {
        for name in names { unlink("\(folder)/\(name)") }
        rmdir("\(folder)/deliveries")
        rmdir(folder)
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    /// What is in the folder, in order.
    var names: [String] {
        guard let entries = opendir(folder) else { return [] }
        defer { closedir(entries) }
        var names: [String] = []
        while let entry = readdir(entries) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    func carrier(
        _ endpoint: EndpointDefinition,
        transport: any Transport = FakeTransport(),
        standardOutput: CInt = 1,
        clock: any Clock<Duration> = ContinuousClock(),
        tails: (any OutputTails)? = nil
    ) -> any Carrier {
        let launcher = CommandLauncher(processes: processes, secrets: SecretReader(credentialsDirectory: nil))
        return Carriers(
            sender: EventSender(agent: "web-7", version: "1.2"),
            transport: transport,
            secrets: SecretReader(credentialsDirectory: nil),
            tails: tails,
            commands: CommandCarrier.Surroundings(launcher: launcher, directory: path("deliveries"), clock: clock),
            standardOutput: LineQueue(DescriptorPlace(standardOutput)),
            clock: clock,
            wallClock: ManualWallClock()
        ).carrier(for: endpoint)
    }

    /// The lines of a file in the folder.
    func lines(_ name: String) -> [String] {
        (try? String(contentsOf: path(name)))?.split(separator: "\n").map(String.init) ?? []
    }

    func write(_ text: String, to name: String) {
        let file = open(path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        _ = text.utf8CString.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count - 1) }
        close(file)
    }
}

extension String {
    /// A file's text.
    init(contentsOf path: String) throws {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw TransportFailure("cannot read \(path)") }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while case let count = Glibc.read(file, &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
        self = String(decoding: bytes, as: UTF8.self)
    }
}

extension Submission {
    /// Of one change, as a model's journal makes it.
    static func of(_ type: String, padding: Int = 0, number: Int = 1) -> Submission {
        var journal = ModelJournal()
        for _ in 1..<number { journal.append(.task("a"), "dev.reeve.run.running") }
        let change = journal.append(.task("a"), type, padding: padding)
        return Submission(lane: change.lane, changes: [change], attempt: 1)
    }

    /// Of one change with data, as a run has it or a publisher gave it.
    static func of(_ type: String, summary: String = "", source: String? = nil, data: JSON?) -> Submission {
        var submission = of(type)
        submission.changes[0].content.data = data
        submission.changes[0].content.source = source
        if !summary.isEmpty { submission.changes[0].content.summary = summary }
        return submission
    }
}
