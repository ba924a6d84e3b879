import ArgumentParser
import JSON
import JSONRPC

/// `reeve logs`
struct Logs: Command {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Print what a run or a service wrote.",
        discussion: """
            A task's name means its last run, and with -f also those that come after it; without an argument it is the \
            last run of all. A name that no task has \
            may be a service's ("reeve service logs" takes several). What the command wrote to standard error goes to \
            standard error.

            EXAMPLES:
              reeve logs backup
              reeve logs backup/7 --step dump --stream stderr
              reeve logs -f backup
            """
    )

    @OptionGroup var options: GlobalOptions

    @Argument(help: "A task, a run, or a service.", completion: .taskOrService)
    var run: String?

    @OptionGroup var log: LogOptions

    @Option(help: ArgumentHelp("Only of this step.", valueName: "name"))
    var step: String?

    func perform() async throws {
        let session = try await Session.open(options)
        let run: JSON
        do {
            run = try await chosen(session)
        } catch let error as RPCError where error.kind == "notFound" {
            guard try await !printService(session) else { return }
            guard let name = self.run, !name.contains("/") else { throw error }
            let message = "no task \"\(name)\" has run, and no service is called so"
            let hint = "reeve ls and reeve service ls list them"
            throw RPCError(code: error.code, message: message, kind: "notFound", details: ["hint": .string(hint)])
        }
        if run["startedAt"]?.string == nil, run["status"]?.string == "stopped" {
            Standard.say("reeve: \(RunName.short(run)) never started; \"reeve why \(RunName.short(run))\" says why")
        }
        let source = OutputSource(run: run, step: step, stream: log.stream, session)
        try await LogPrinter(session, [source], log).print(run: run)
        if log.follow, let task = self.run, !task.contains("/"), run["task"]?.string == task {
            try await followNext(after: run, session)
        }
    }

    /// The task's runs after that one, each as it comes.
    private func followNext(after run: JSON, _ session: Session) async throws {
        var log = log
        log.tail = nil
        var (last, place) = (run["number"]?.integer ?? 0, JSON?.none)
        var patience = Patience(session)
        while true {
            // From when the run was made on: the next may have been made long before it ended.
            var parameters: JSONObject = ["lane": .string("task:\(run["task"]?.string ?? "")"), "wait": "5m"]
            parameters["since"] = run["createdAt"]
            parameters["after"] = place
            let answer = try await patience.call("event.list", parameters)
            place = answer["next"]
            let numbers = (answer["events"]?.array ?? []).compactMap { $0["data"]?["number"]?.integer }
            for number in Set(numbers).sorted() where number > last {
                last = number
                let name = "\(run["task"]?.string ?? "")/\(number)"
                // It may be gone from the history by now.
                guard let next = try? await patience.call("run.get", ["run": .string(name)])["run"] else { continue }
                guard next["startedAt"] != nil || next["status"]?.string != "stopped" else { continue }
                Standard.say("reeve: the output of \(name)")
                let source = OutputSource(run: next, step: step, stream: log.stream, patience.session)
                try await LogPrinter(patience.session, [source], log).print(run: next)
            }
        }
    }

    /// - Returns: Whether there is a service of that name.
    private func printService(_ session: Session) async throws -> Bool {
        guard let run, try await Definition.current(.service, run, session) != nil else { return false }
        guard step == nil else { throw CommandFailure(.usage, "--step: \(run) is a service, which has no steps") }
        try await LogPrinter(session, [OutputSource(service: run, stream: log.stream, session)], log).print()
        return true
    }

    private func chosen(_ session: Session) async throws -> JSON {
        if let run {
            let answer = try await session.call("run.get", ["run": .string(RunName.resolved(run))])
            return answer["run"] ?? .null
        }
        let answer = try await session.call("run.list", ["limit": 1, "all": true])
        guard let run = answer["runs"]?.array?.first else { throw CommandFailure(.refused, "nothing has run") }
        Standard.say("reeve: the output of \(RunName.short(run))")
        return run
    }
}
