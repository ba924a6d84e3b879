import ReeveProtocol

/// A crontab as tasks of the same meaning, and what is to be said of its lines.
struct Crontab: Equatable {
    struct Entry: Equatable {
        /// From 1 on.
        var line: Int
        var task: TaskDefinition
    }

    private(set) var entries: [Entry] = []
    private(set) var problems: [CrontabProblem] = []

    /// - Parameters:
    ///   - hasUsers: Whether a user stands before each command, as in `/etc/crontab`.
    ///   - owner: As whom all of it runs; the agent's own user if `nil`.
    ///   - prefix: What the tasks' ids begin with.
    init(_ text: String, hasUsers: Bool = false, owner: String? = nil, prefix: String = Self.defaultPrefix) {
        var reader = CrontabReader(hasUsers: hasUsers, owner: owner, prefix: prefix)
        // By scalars: a carriage return and a newline are one character.
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
        for (index, line) in lines.enumerated() { reader.read(line, number: index + 1) }
        if lines.last?.isEmpty == false { reader.noteOpenEnd(lines.count) }
        entries = reader.entries
        problems = reader.problems
    }

    static let defaultPrefix = "cron-"

    var isComplete: Bool { !problems.contains(where: \.isRefusal) }
}

/// Goes through the lines of a crontab with what the earlier ones have set.
private struct CrontabReader {
    let hasUsers: Bool
    let owner: String?
    let prefix: String
    var entries: [Crontab.Entry] = []
    var problems: [CrontabProblem] = []

    /// What cron sets where the crontab does not, and the agent sets otherwise.
    private var environment = ["SHELL": "/bin/sh", "PATH": "/usr/bin:/bin"]
    private var zone: String?
    /// Of the line right above.
    private var comment: String?
    private var ids: Set<String> = []
    private var noted: Set<String> = []

    init(hasUsers: Bool, owner: String?, prefix: String) {
        self.hasUsers = hasUsers
        self.owner = owner
        self.prefix = prefix
    }

    mutating func read(_ text: String, number: Int) {
        let above = comment
        comment = nil
        do {
            switch try CrontabLine(text, hasUsers: hasUsers) {
            case .blank: break
            case .comment(let text): comment = isJob(text) ? nil : text
            case .setting(let name, let value): set(name, value, number)
            case .job(let job): entries.append(try entry(job, text, comment: above, number))
            }
        } catch {
            problems.append(CrontabProblem(line: number, isRefusal: true, reason: error.reason, hint: error.hint))
        }
    }

    mutating func noteOpenEnd(_ number: Int) {
        guard entries.last?.line == number else { return }
        note(number, "no newline ends this last line, so cron does not take it; here it counts")
    }

    /// One that was taken out of use says nothing about the next.
    private func isJob(_ comment: String) -> Bool {
        guard case .job = try? CrontabLine(comment, hasUsers: hasUsers) else { return false }
        return true
    }

    private mutating func note(_ line: Int, _ reason: String, hint: String? = nil) {
        problems.append(CrontabProblem(line: line, isRefusal: false, reason: reason, hint: hint))
    }

    private mutating func set(_ name: String, _ value: String, _ line: Int) {
        switch name {
        case "LOGNAME":
            // cron does not let itself be told, nor is there a need for it.
            break
        case "MAILTO":
            guard !value.isEmpty, noted.insert(name).inserted else { return }
            let hint = "\"reeve logs TASK\" shows it; \"reeve endpoint add\" has a webhook told of failures"
            note(line, "MAILTO: no mail is sent of what a task writes", hint: hint)
        case "CRON_TZ":
            zone = value.isEmpty ? nil : value
            guard zone != nil, noted.insert(name).inserted else { return }
            note(line, "CRON_TZ: taken as the time zone of the lines behind it, as cronie does; Debian's cron does not")
        default: environment[name] = value
        }
    }

    private mutating func entry(
        _ job: CrontabJob,
        _ text: String,
        comment: String?,
        _ line: Int
    ) throws(CrontabFault) -> Crontab.Entry {
        let shell = environment["SHELL"] ?? ""
        for name in ["SHELL", "HOME"] {
            guard let path = environment[name], !path.hasPrefix("/") else { continue }
            throw CrontabFault("\(name) is \"\(path)\" here, which is no absolute path, so cron cannot use it")
        }
        tell(of: job, line)
        var task = TaskDefinition(id: id(for: job.command), schedule: schedule(job.time))
        task.description = [comment ?? "", String(text.drop { $0 == " " || $0 == "\t" })].filter { !$0.isEmpty }
            .joined(separator: "\n")
        if !job.time.isReboot { task.missed = .skip }
        task.overlap = .allow
        task.user = job.user ?? owner
        task.environment = environment.mapValues { .literal($0) }
        // Without one the agent takes the user's own, as cron does.
        task.workingDirectory = environment["HOME"]
        let command = [shell, "-c", job.command.line]
        if let input = job.command.input {
            var step = StepDefinition(name: "main", command: command)
            step.input = .text(input)
            task.steps = [step]
        } else {
            task.command = command
        }
        return Crontab.Entry(line: line, task: task)
    }

    private func schedule(_ time: CrontabTime) -> ScheduleDefinition {
        time.isReboot
            ? ScheduleDefinition(.everyBoot) : ScheduleDefinition(.cron(time.expression), timeZone: zone)
    }

    private mutating func tell(of job: CrontabJob, _ line: Int) {
        if job.time.text != job.time.expression {
            note(line, "\"\(job.time.text)\" is written here as \"\(job.time.expression)\", which means the same")
        }
        if job.isUnlogged { note(line, "the - before it is passed over: every run is recorded") }
        let word = job.command.line.prefix { $0 != " " && $0 != "\t" }
        if !hasUsers, word == "root", noted.insert("root").inserted {
            note(line, "\"root\" is read as the command", hint: "--user-column if the users stand in this file")
        }
    }

    /// Named after the program; the later ones of a name are numbered.
    private mutating func id(for command: CrontabCommand) -> String {
        let program = command.program
        let name = prefix + (program.isEmpty ? "job" : program)
        var id = name
        var number = 2
        while !ids.insert(id).inserted {
            id = "\(name)-\(number)"
            number += 1
        }
        return id
    }
}
