import ArgumentParser
import JSON
import JSONRPC

/// `reeve logs`
struct Logs: Command {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Print what a run or a service wrote.",
        discussion: """
            A task's name means its last run; without an argument it is the last run of all. A name that no task has \
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

    @Flag(name: .shortAndLong, help: "Go on until the run ends, or the service is removed.")
    var follow = false

    @Option(help: ArgumentHelp("Only of this step.", valueName: "name"))
    var step: String?

    @Option(help: ArgumentHelp("Only stdout or stderr.", valueName: "name"), completion: .list(["stdout", "stderr"]))
    var stream: String?

    @Option(
        name: [.customShort("n"), .customLong("tail")],
        help: ArgumentHelp("Only the last lines.", valueName: "lines")
    )
    var tail: Int?

    func validate() throws {
        if let tail, tail < 1 { throw ValidationError("-n: 1 line or more.") }
    }

    func perform() async throws {
        let session = try await Session.open(options)
        let run: JSON
        do {
            run = try await chosen(session)
        } catch let error as RPCError where error.kind == "notFound" {
            guard try await !printService(session) else { return }
            guard let name = self.run, !name.contains("/") else { throw error }
            let message = "no task \"\(name)\" has run, and no service is called so"
            throw RPCError(code: error.code, message: message, kind: "notFound")
        }
        var parameters: JSONObject = ["run": run["id"] ?? .null]
        parameters["step"] = step.map(JSON.string)
        parameters["stream"] = stream.map(JSON.string)
        var writer = OutputWriter(run: run)
        if let tail {
            let page = try await self.tail(session, parameters, lines: tail)
            if !session.printJSON(page) { try writer.write(page: page, lastLines: tail) }
            parameters["after"] = page["next"]
            guard follow else { return }
        }
        if follow {
            try await follow(session, parameters, &writer)
        } else {
            try await print(session, parameters, &writer)
        }
    }

    /// - Returns: Whether there is a service of that name.
    private func printService(_ session: Session) async throws -> Bool {
        guard let run, try await Definition.current(.service, run, session) != nil else { return false }
        guard step == nil else { throw CommandFailure(.usage, "--step: \(run) is a service, which has no steps") }
        let printer = ServiceLogPrinter(session: session, names: [run], stream: stream, lines: tail, follows: follow)
        try await printer.print()
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

    /// The end of the output, with about that many lines.
    private func tail(_ session: Session, _ parameters: JSONObject, lines: Int) async throws -> JSON {
        var parameters = parameters
        parameters["tail"] = .number(OutputWriter.bytes(forLines: lines))
        return try await session.call("run.output", parameters)
    }

    private func follow(_ session: Session, _ parameters: JSONObject, _ writer: inout OutputWriter) async throws {
        var patience = Patience(session)
        try await patience.follow("run.follow", parameters) { item in
            if session.wantsJSON { Standard.print(item.text) } else { try writer.write(item: item) }
            return true
        }
    }

    private func print(_ session: Session, _ parameters: JSONObject, _ writer: inout OutputWriter) async throws {
        var parameters = parameters
        parameters["limit"] = .number(256 << 10)
        var dropped = 0
        while true {
            let page = try await session.call("run.output", parameters)
            if session.wantsJSON { Standard.print(page.text) } else { try writer.write(page: page) }
            dropped = page["dropped"]?.integer ?? 0
            let isEmpty = (page["data"]?.string ?? "").isEmpty
            if isEmpty || page["end"]?.bool == true || page["next"] == parameters["after"] { break }
            parameters["after"] = page["next"]
        }
        if dropped > 0 { Standard.say("reeve: \(dropped) bytes of the output were not kept") }
    }
}
