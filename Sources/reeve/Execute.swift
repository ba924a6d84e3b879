import ArgumentParser
import Glibc
import JSON
import JSONRPC
import ReeveProtocol

/// `reeve run`
struct Execute: Command {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a command or a task now, and end as it does.",
        discussion: """
            A command runs as you, in this folder, with nothing on standard input and with the agent's plain \
            environment and what -e adds. -t gives it a terminal, with what is typed here and with the size of this \
            window. It is recorded like any run; its hidden task goes after a day. Its output is \
            passed on; interrupting stops it, interrupting twice leaves it running.

            Ends with the command's own code, 128+n for a signal, 124 if it timed out, 125 for reeve's own trouble or \
            if it never ran, 126 and 127 if it was not executable or not found.

            EXAMPLES:
              reeve run -- make test
              reeve run -d -e HOME -e LEVEL=3 -- sh -c 'echo $LEVEL > ~/level'
              reeve run --memory 512MiB --cpu 50% --nice 10 -- make all
              reeve run -t -- top
              reeve run backup -p db=app
            """
    )

    @OptionGroup var options: GlobalOptions

    @Flag(name: [.customShort("d"), .long], help: "Do not wait: print the run's name and end.")
    var detach = false

    @Option(
        name: [.customShort("e"), .customLong("env")],
        help: ArgumentHelp("Set a variable; K alone takes the value that it has here.", valueName: "K[=V]")
    )
    var environment: [Assignment] = []

    @Flag(name: [.customShort("t"), .long], help: "Give the command a terminal, and pass on what is typed.")
    var terminal = false

    @Option(
        name: [.customShort("p"), .customLong("parameter")],
        help: ArgumentHelp("Give a parameter of the task a value.", valueName: "K=V")
    )
    var parameters: [Assignment] = []

    @OptionGroup(title: "Bounds of a command") var limits: LimitOptions

    @Argument(help: "The task to run.", completion: .task)
    var task: String?

    @Argument(parsing: .postTerminator, help: "The command and its arguments, after --.")
    var command: [String] = []

    func validate() throws {
        if terminal, detach { throw ValidationError("-t passes a terminal on, for which -d does not wait.") }
        if terminal, task != nil {
            throw ValidationError("-t is for a command after --; the steps of a task say themselves what they have.")
        }
        if let parameter = parameters.first(where: { $0.value == nil }) {
            throw ValidationError("-p \(parameter.name): write -p \(parameter.name)=VALUE.")
        }
        if let task, !command.isEmpty {
            throw ValidationError("\"\(task)\" stands before --: give a TASK, or a command after --, not both.")
        }
        guard task != nil || !command.isEmpty else {
            throw ValidationError("Say what to run: a TASK, or a command after --.")
        }
        guard task != nil || parameters.isEmpty else {
            throw ValidationError("-p is for a task, which says what parameters it has; for a command there is -e.")
        }
        guard task == nil || environment.isEmpty else {
            throw ValidationError("-e is for a command after --; a task has its own environment.")
        }
        var bounds = JSONObject()
        limits.add(to: &bounds)
        guard task == nil || bounds.members.isEmpty else {
            throw ValidationError("--memory and other bounds are for a command after --; a task has its own.")
        }
    }

    func perform() async throws {
        let session = try await Session.open(options)
        var ids = UUIDv7Generator()
        // The id is ours, so that asking again after a lost answer cannot start a second run.
        let id = ids.next(at: Host.now)
        var patience = Patience(session)
        let name: String
        if let task {
            name = task
        } else {
            name = "adhoc-" + id.suffix(12)
            _ = try await patience.call("task.put", ["task": .object(try adHocTask(name))])
        }
        var run: JSONObject = ["task": .string(name), "run": .string(id)]
        if !parameters.isEmpty {
            let values = parameters.map { JSONObject.Member(name: $0.name, value: .string($0.value ?? "")) }
            run["parameters"] = .object(JSONObject(values))
        }
        let answer = try await patience.call("task.run", run)
        guard !detach else {
            if !session.printJSON(answer) { Standard.print("\(name)/\(answer["number"]?.integer ?? 1)") }
            return
        }
        var watch = RunWatch(session: patience.session, id: id, name: name)
        if terminal { watch.terminal = RunTerminal(session: patience.session, id: id) }
        try await watch.endAsItDoes()
    }

    private func adHocTask(_ name: String) throws -> JSONObject {
        var task: JSONObject = ["id": .string(name)]
        if terminal {
            let size = try JSONCoder.encode(RunTerminal.size ?? TerminalDefinition())
            task["runner"] = "process"
            task["steps"] = [["name": "main", "command": .array(command.map(JSON.string)), "terminal": size]]
        } else {
            task["command"] = .array(command.map(JSON.string))
        }
        task["user"] = .string(Host.userName(geteuid()) ?? String(geteuid()))
        guard let folder = Host.workingDirectory else {
            throw CommandFailure(.usage, "the current folder is not there any more: change to another one first")
        }
        task["workingDirectory"] = .string(folder)
        var variables = try environment.environment()?.object ?? [:]
        if terminal, variables["TERM"] == nil { variables["TERM"] = Host.environment("TERM").map(JSON.string) }
        task["environment"] = variables.members.isEmpty ? nil : .object(variables)
        limits.add(to: &task)
        return task
    }
}

extension RunEnd {
    /// Output is kept up to a bound; only what is kept is passed on.
    func tellDropped() {
        let dropped = (run["steps"]?.array ?? []).reduce(0) { $0 + ($1["output"]?["dropped"]?.integer ?? 0) }
        if dropped > 0 { Standard.say("reeve: \(ByteSize.words(dropped)) of its output were not kept") }
    }

    /// Says only what the command's own code and output do not.
    func tellTrouble() {
        guard run["cause"]?.string != "exit" else { return }
        tell()
    }
}
