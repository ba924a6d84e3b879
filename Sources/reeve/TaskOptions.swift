import ArgumentParser
import JSON
import ReeveProtocol

extension MissedPolicy: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(text: argument)
    }
}
extension OverlapPolicy: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(text: argument)
    }
}

extension RunnerKind: ExpressibleByArgument {}

/// How a task runs, as options.
struct TaskOptions: ParsableArguments {
    @Option(help: ArgumentHelp("End a run that takes longer.", valueName: "duration"))
    var timeout: Interval?

    @Option(help: ArgumentHelp("Share the limit of this group: reeve group set.", valueName: "name"))
    var group: String?

    @Option(help: ArgumentHelp("Try a run that failed so often again.", valueName: "count"))
    var retry: Int?

    @Option(
        help: ArgumentHelp(
            "Wait so long before that (default: 10s), twice as long each further time.",
            valueName: "duration"
        )
    )
    var retryDelay: Interval?

    @Option(help: ArgumentHelp("Only after this exit code; can be given again.", valueName: "code"))
    var retryOn: [Int] = []

    @Option(help: ArgumentHelp("How late a due run may still start.", valueName: "duration"))
    var startBy: Interval?

    @Option(
        help: ArgumentHelp("How long a run may wait to begin, whatever it waits for.", valueName: "duration")
    )
    var queueTimeout: Interval?

    @Option(help: "What becomes of times that passed while nobody could start it: skip, once, all or all(10).")
    var missed: MissedPolicy?

    @Option(help: "What becomes of a time while a run still goes: skip, queue, replace, allow or allow(3) at once.")
    var overlap: OverlapPolicy?

    // A number below 0 looks like an option.
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Of what waits, the higher begins first: -100 to 100 (default: 0).", valueName: "number")
    )
    var priority: Int?

    @Option(help: "What starts it: process, the agent itself, or systemd, whose units outlive a restart of the agent.")
    var runner: RunnerKind?

    func add(to task: inout JSONObject) {
        task["timeout"] = timeout.map { .string($0.description) }
        task["startBy"] = startBy.map { .string($0.description) }
        task["queueTimeout"] = queueTimeout.map { .string($0.description) }
        task["group"] = group.map(JSON.string)
        var again = JSONObject()
        again["limit"] = retry.map { .number(String($0)) }
        again["delay"] = retryDelay.map { .string($0.description) }
        if !retryOn.isEmpty { again["onExit"] = .array(retryOn.map { .number(String($0)) }) }
        if !again.members.isEmpty { task["retry"] = .object(again) }
        task["missed"] = missed.map { .string($0.description) }
        task["priority"] = priority.map { .number(String($0)) }
        task["runner"] = runner.map { .string($0.rawValue) }
        task["overlap"] = overlap.map { .string($0.description) }
    }
}
