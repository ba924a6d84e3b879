import ArgumentParser
import JSON
import ReeveProtocol

/// `reeve top`
struct Top: Command {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch tasks, runs, services and endpoints.",
        discussion: """
            On a terminal it looks again and again, with charts of how much waits for each endpoint and how much it gets; \
            Ctrl-C ends it. In a pipe it prints one snapshot: a line for each thing with tabs between, which begins with \
            agent (name, state, uptime, tasks, running, last number), run (name, status, start), due (task, time), service \
            (name, state, note) or endpoint (name, state, pending, in flight, dead letters, delivered, oldest, last answer).

            EXAMPLES:
              reeve top
              reeve top --every 5s
              reeve top | grep ^endpoint
            """
    )

    @OptionGroup var options: GlobalOptions

    @Option(help: ArgumentHelp("How often to look.", valueName: "duration"))
    var every: Interval = .seconds(1)

    @Flag(help: "Look once, also on a terminal.")
    var once = false

    func validate() throws {
        guard every >= .milliseconds(100) else { throw ValidationError("--every: at least 100ms.") }
    }

    func perform() async throws {
        let session = try await Session.open(options)
        var history = TopHistory()
        while true {
            let page = try await look(session, &history)
            guard let page else { return }
            guard session.terminal.isTerminal else { return Standard.print(page.lines) }
            let text = page.text(session.terminal)
            if once { return Standard.print(text) }
            // Home, and each line to its end: what was there before is written over without a flicker.
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            Standard.print("\u{1B}[H" + lines.map { $0 + "\u{1B}[K" }.joined(separator: "\n") + "\u{1B}[J")
            try await Task.sleep(for: every.duration, clock: .continuous)
        }
    }

    /// `nil` where JSON was wanted and is printed.
    private func look(_ session: Session, _ history: inout TopHistory) async throws -> TopPage? {
        let status = try await session.callInZone("agent.status")
        let runs = try await session.call("run.list", ["live": true, "all": true])
        let tasks = try await session.list("task.list", ["timeZone": .string(session.zone)], "tasks", limit: 10_000)
        let services = try await session.list("service.list", [:], "services")
        let all: JSON = [
            "status": status, "runs": runs["runs"] ?? [], "tasks": tasks["tasks"] ?? [],
            "services": services["services"] ?? [],
        ]
        if session.printJSON(all) { return nil }
        history.add(status, at: Host.now)
        return TopPage(
            status: status,
            runs: runs["runs"]?.array ?? [],
            tasks: tasks["tasks"]?.array ?? [],
            services: services["services"]?.array ?? [],
            history: history,
            times: session.times
        )
    }
}
