import JSON
import JSONRPC
import ReeveProtocol
import YAML

/// The configuration as it stands in a file: everything optional, unknown keys refused.
package struct ConfigurationFile: Sendable, Decodable {
    var agent: AgentSection?
    var sockets: [SocketSection]?
    var runner: RunnerSection?
    var scheduler: SchedulerSection?
    var endpoints: [EndpointDefinition]?
    var log: LogSection?
    var limits: LimitsSection?

    var access: UnsupportedField?
    var store: StoreSection?
    var groups: [String: GroupSection]?
    var folders: [String]?
    var controlPlane: UnsupportedField?
    var metrics: UnsupportedField?

    enum CodingKeys: String, CodingKey, CaseIterable {
        case agent, sockets, runner, scheduler, endpoints, log, limits
        case access, store, groups, folders, controlPlane, metrics
    }

    struct AgentSection: Sendable, Decodable {
        var name: String?
        var labels: UnsupportedField?

        enum CodingKeys: String, CodingKey, CaseIterable { case name, labels }
    }

    struct SocketSection: Sendable, Decodable {
        var path: String
        var mode: String?
        var group: String?
        var role: UnsupportedField?

        enum CodingKeys: String, CodingKey, CaseIterable { case path, mode, group, role }
    }

    struct RunnerSection: Sendable, Decodable {
        var concurrency: Int?
        var stopTimeout: Interval?
        var output: OutputSection?
        var history: HistorySection?
        var kind: RunnerKind?
        var attachments: AttachmentSection?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case concurrency, stopTimeout, output, history, kind, attachments
        }
    }

    struct StoreSection: Sendable, Decodable {
        var retention: RetentionSection?
        var deadLetters: LettersSection?
        var disk: DiskSection?

        enum CodingKeys: String, CodingKey, CaseIterable { case retention, deadLetters, disk }
    }

    struct RetentionSection: Sendable, Decodable {
        var age: Interval?
        var size: ByteSize?

        enum CodingKeys: String, CodingKey, CaseIterable { case age, size }
    }

    struct DiskSection: Sendable, Decodable {
        var budget: ByteSize?

        enum CodingKeys: String, CodingKey, CaseIterable { case budget }
    }

    struct LettersSection: Sendable, Decodable {
        var age: Interval?
        var size: ByteSize?

        enum CodingKeys: String, CodingKey, CaseIterable { case age, size }
    }

    struct AttachmentSection: Sendable, Decodable {
        var folders: [String]?

        enum CodingKeys: String, CodingKey, CaseIterable { case folders }
    }

    struct OutputSection: Sendable, Decodable {
        var perStep: ByteSize?
        var perRun: ByteSize?
        var total: ByteSize?

        enum CodingKeys: String, CodingKey, CaseIterable { case perStep, perRun, total }
    }

    struct HistorySection: Sendable, Decodable {
        var perTask: Int?
        var age: Interval?
        var size: ByteSize?
        var adHoc: Interval?

        enum CodingKeys: String, CodingKey, CaseIterable { case perTask, age, size, adHoc }
    }

    struct SchedulerSection: Sendable, Decodable {
        var timeZone: String?
        var missed: MissedPolicy?
        var startBy: Interval?

        enum CodingKeys: String, CodingKey, CaseIterable { case timeZone, missed, startBy }
    }

    struct GroupSection: Sendable, Decodable {
        var limit: Int?

        enum CodingKeys: String, CodingKey, CaseIterable { case limit }
    }

    struct LogSection: Sendable, Decodable {
        var level: LogLevelName?
        var format: LogFormatName?

        enum CodingKeys: String, CodingKey, CaseIterable { case level, format }
    }

    struct LimitsSection: Sendable, Decodable {
        var message: ByteSize?
        var depth: Int?
        var batch: Int?
        var inFlight: Int?
        var connections: Int?

        enum CodingKeys: String, CodingKey, CaseIterable { case message, depth, batch, inFlight, connections }
    }
}

package enum LogLevelName: String, WireWord {
    case trace, debug, info, notice, warning, error, critical
}

package enum LogFormatName: String, WireWord {
    case auto, text, json, journal
}

/// A configuration that cannot be taken, said as compilers do: `FILE:LINE:COLUMN: what`.
package struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    /// One line for each thing that is wrong; never empty.
    package var problems: [String]

    package init(problems: [String]) {
        self.problems = problems
    }

    package var description: String { problems.joined(separator: "\n") }
}

extension ConfigurationFile {
    /// Reads and checks a file's text. `file` is what it is called in errors.
    package init(text: String, file: String) throws(ConfigurationError) {
        let document: YAMLDocument
        do {
            document = try YAMLDocument(text)
        } catch {
            throw ConfigurationError(problems: ["\(file):\(error)"])
        }
        func place(_ problem: InvalidValue) -> String {
            let location = document.location(of: problem.path).map { ":\($0.line):\($0.column)" } ?? ""
            return "\(file)\(location): \(problem)"
        }
        let json = document.json == .null ? JSON.object(JSONObject()) : document.json
        do {
            self = try JSONCoder.decode(Self.self, from: json, unknownFields: .reject)
        } catch {
            throw ConfigurationError(problems: [place(error)])
        }
        let problems = problems()
        guard problems.isEmpty else { throw ConfigurationError(problems: problems.map(place)) }
    }

    /// What decodes and yet can never be valid.
    private func problems() -> [InvalidValue] {
        var problems: [InvalidValue] = []
        func check(_ path: String, _ isGood: Bool, _ reason: String) {
            if !isGood { problems.append(InvalidValue(path: path, reason: reason)) }
        }
        let later: [(String, UnsupportedField?)] = [
            ("/access", access), ("/controlPlane", controlPlane), ("/metrics", metrics),
            ("/agent/labels", agent?.labels),
        ]
        for (path, field) in later { check(path, field == nil, "is not supported by this version of reeve") }
        for (index, socket) in (sockets ?? []).enumerated() {
            check("/sockets/\(index)/role", socket.role == nil, "is not supported by this version of reeve")
            check(
                "/sockets/\(index)/mode",
                socket.mode.map { UInt32($0, radix: 8).map { $0 <= 0o777 } ?? false } ?? true,
                "must be an octal mode such as \"0660\""
            )
        }
        check("/runner/concurrency", (1...10_000).contains(runner?.concurrency ?? 1), "must be from 1 to 10000")
        // One path for one folder: what comes from a file belongs to its path.
        problems += Self.problems(ofFolders: folders, at: "/folders")
        problems += Self.problems(ofFolders: runner?.attachments?.folders, at: "/runner/attachments/folders")
        for (name, group) in groups ?? [:] {
            problems += GroupDefinition.nameProblems(name, "/groups/\(name)")
            problems += GroupDefinition.limitProblems(group.limit, "/groups/\(name)/limit")
        }
        let (output, letters) = (runner?.output, store?.deadLetters)
        let sizes: [(String, ByteSize?, least: ByteSize)] = [
            ("/runner/output/perStep", output?.perStep, .kibibytes(64)),
            ("/runner/output/perRun", output?.perRun, .kibibytes(64)),
            ("/runner/output/total", output?.total, .mebibytes(1)),
            ("/store/deadLetters/size", letters?.size, .mebibytes(1)),
            ("/store/retention/size", store?.retention?.size, .mebibytes(1)),
            ("/store/disk/budget", store?.disk?.budget, .mebibytes(4)),
        ]
        for (path, size, least) in sizes {
            let range = least...ByteSize.gibibytes(16 << 10)
            check(path, range.contains(size ?? least), "must be from \(range.lowerBound) to \(range.upperBound)")
        }
        if let size = store?.retention?.size, let budget = store?.disk?.budget {
            check("/store/retention/size", size <= budget, "must not be more than store.disk.budget, \(budget)")
        }
        for (path, age) in [("retention", store?.retention?.age), ("deadLetters", store?.deadLetters?.age)] {
            check("/store/\(path)/age", age ?? .seconds(1) > .zero, "must be longer than 0")
        }
        check("/runner/history/perTask", (1...1_000_000).contains(runner?.history?.perTask ?? 1), "must be at least 1")
        check(
            "/limits/message",
            (1024...(1 << 30)).contains(limits?.message?.bytes ?? 1024),
            "must be from 1KiB to 1GiB"
        )
        check("/limits/depth", (4...1000).contains(limits?.depth ?? 64), "must be from 4 to 1000")
        check("/limits/batch", (1...100_000).contains(limits?.batch ?? 1), "must be from 1 to 100000")
        check("/limits/inFlight", (1...100_000).contains(limits?.inFlight ?? 1), "must be from 1 to 100000")
        check("/limits/connections", (1...100_000).contains(limits?.connections ?? 1), "must be from 1 to 100000")
        for (index, endpoint) in (endpoints ?? []).enumerated() {
            let isNew = endpoints?.prefix(index).contains { $0.name == endpoint.name } != true
            check("/endpoints/\(index)/name", isNew, "\"\(endpoint.name)\" is in the list already")
            problems += endpoint.problemsInFile().map { $0.below("/endpoints/\(index)") }
        }
        return problems
    }
}

extension ConfigurationFile {
    private static func problems(ofFolders folders: [String]?, at path: String) -> [InvalidValue] {
        (folders ?? []).enumerated().compactMap { index, folder in
            let isPlain = folder.hasPrefix("/") && !folder.hasSuffix("/") && !folder.contains("//")
            let hasDots = folder.split(separator: "/").contains { $0 == "." || $0 == ".." }
            if !isPlain || hasDots {
                let reason = "must be an absolute path, without //, . or .. or a / at its end"
                return InvalidValue(path: "\(path)/\(index)", reason: reason)
            }
            guard folders?.prefix(index).contains(folder) == true else { return nil }
            return InvalidValue(path: "\(path)/\(index)", reason: "\"\(folder)\" is in the list already")
        }
    }
}

extension Configuration {
    /// Takes over what the file sets.
    package mutating func apply(_ file: ConfigurationFile) {
        name = file.agent?.name ?? name
        if let sections = file.sockets {
            sockets = sections.map {
                SocketConfiguration(
                    path: $0.path,
                    mode: $0.mode.flatMap { UInt32($0, radix: 8) } ?? 0o666,
                    group: $0.group
                )
            }
        }
        concurrency = file.runner?.concurrency ?? concurrency
        runnerKind = file.runner?.kind ?? runnerKind
        stopTimeout = file.runner?.stopTimeout ?? stopTimeout
        outputPerStep = file.runner?.output?.perStep ?? outputPerStep
        outputPerRun = file.runner?.output?.perRun ?? outputPerRun
        outputTotal = file.runner?.output?.total ?? outputTotal
        attachmentFolders = file.runner?.attachments?.folders ?? attachmentFolders
        historyPerTask = file.runner?.history?.perTask ?? historyPerTask
        historyAge = file.runner?.history?.age ?? historyAge
        historySize = file.runner?.history?.size ?? historySize
        historyAdHoc = file.runner?.history?.adHoc ?? historyAdHoc
        retentionAge = file.store?.retention?.age ?? retentionAge
        space.retention = file.store?.retention?.size ?? space.retention
        space.budget = file.store?.disk?.budget ?? space.budget
        deadLetterAge = file.store?.deadLetters?.age ?? deadLetterAge
        deadLetterBytes = file.store?.deadLetters?.size?.bytes ?? deadLetterBytes
        timeZone = file.scheduler?.timeZone ?? timeZone
        missed = file.scheduler?.missed ?? missed
        startBy = file.scheduler?.startBy ?? startBy
        groups = file.groups?.compactMapValues(\.limit) ?? groups
        endpoints = file.endpoints ?? endpoints
        folders = file.folders?.map { DropInFolder($0, isNamed: true) } ?? folders
        logLevel = file.log?.level?.rawValue ?? logLevel
        logFormat = file.log?.format?.rawValue ?? logFormat
        limits.messageBytes = file.limits?.message?.bytes ?? limits.messageBytes
        limits.depth = file.limits?.depth ?? limits.depth
        limits.batch = file.limits?.batch ?? limits.batch
        limits.inFlight = file.limits?.inFlight ?? limits.inFlight
        limits.connections = file.limits?.connections ?? limits.connections
    }
}
