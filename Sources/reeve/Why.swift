import ArgumentParser
import JSON
import JSONRPC
import ReeveProtocol

/// `reeve why`
struct Why: Command {
    static let configuration = CommandConfiguration(
        commandName: "why",
        abstract: "Say why a task does not run, a run is as it is, a service is not up, or an endpoint gets nothing.",
        discussion: """
            A sentence on it, then one on each thing that it waits for and on what is to be known beside. Where a task, \
            a service and an endpoint have the same name, all are told, with a heading each; with --json an answer is a \
            line. Of an endpoint, --at tells how it stood at a time in the past.

            EXAMPLES:
              reeve why backup
              reeve why backup/-1
              reeve why web
              reeve why ops --at 3h
              reeve why web --json | jq -r .summary
            """
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var past: PastOptions

    @Argument(help: "A task, a run, a service, or an endpoint.", completion: .taskServiceOrEndpoint)
    var name: String

    func perform() async throws {
        let session = try await Session.open(options)
        let answers = try await answers(session)
        if session.wantsJSON {
            for answer in answers { _ = session.printJSON(answer.json) }
            return
        }
        let pages = answers.map { answer in
            let heading = answers.count > 1 ? "\(answer.kind) \(name):\n" : ""
            return heading + Explanation(answer.json).text(session)
        }
        Standard.print(pages.joined(separator: session.terminal.isTerminal ? "\n\n" : "\n"))
    }

    private func answers(_ session: Session) async throws -> [(kind: String, json: JSON)] {
        guard past.at == nil else {
            return [("endpoint", try await session.callInZone("endpoint.why", try past.parameters(naming: name)))]
        }
        if name.contains("/") || isUUIDv7(name) {
            do {
                return [("run", try await session.callInZone("run.why", ["run": .string(name)]))]
            } catch let error as RPCError where error.kind == "notFound" {
                guard name.contains("/") else { return try await named(session) }
                throw try await noRun(error, session)
            }
        }
        return try await named(session)
    }

    /// The task, the service and the endpoint of that name.
    private func named(_ session: Session) async throws -> [(kind: String, json: JSON)] {
        let endpoint = try await session.found {
            try await session.callInZone("endpoint.why", try past.parameters(naming: self.name))
        }
        let name: JSON = .string(name)
        let task = try await session.found { try await session.callInZone("task.why", ["task": name]) }
        let service = try await session.found { try await session.call("service.why", ["service": name]) }
        var answers: [(kind: String, json: JSON)] = []
        // One that was removed is only told where nothing else has its name.
        if let task, service == nil && endpoint == nil || task["status"] != "removed" { answers.append(("task", task)) }
        if let service { answers.append(("service", service)) }
        if let endpoint { answers.append(("endpoint", endpoint)) }
        guard answers.isEmpty else { return answers }
        let near = nearest(self.name, among: try await names(session))
        let hint =
            near.map { "did you mean \"\($0)\"?" }
            ?? "\"reeve ls\", \"reeve service\" and \"reeve endpoint ls\" list what there is"
        throw RPCError(
            code: Failure.Kind.notFound.code,
            message: "there is no task, run, service or endpoint \"\(self.name)\"",
            kind: "notFound",
            details: ["hint": .string(hint)]
        )
    }

    private func names(_ session: Session) async throws -> [String] {
        let tasks = try await session.list("task.list", [:], "tasks")["tasks"]?.array ?? []
        let services = try await session.list("service.list", [:], "services")["services"]?.array ?? []
        let endpoints = try await session.list("endpoint.list", [:], "endpoints")["endpoints"]?.array ?? []
        return tasks.compactMap { $0["id"]?.string } + (services + endpoints).compactMap { $0["name"]?.string }
    }

    /// The same error with the nearest task in its hint, where it is the task that there is not.
    private func noRun(_ error: RPCError, _ session: Session) async throws -> RPCError {
        guard let slash = name.lastIndex(of: "/") else { return error }
        let task = String(name[..<slash])
        let names = try await names(session)
        guard !names.contains(task), let near = nearest(task, among: names) else { return error }
        return RPCError(
            code: error.code,
            message: error.message,
            kind: "notFound",
            details: ["hint": .string("did you mean \"\(near)\(name[slash...])\"?")]
        )
    }
}
