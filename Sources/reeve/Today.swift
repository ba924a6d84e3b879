import JSON
import ReeveProtocol

/// The day at a glance, with the command to look closer at each thing.
struct Today {
    let session: Session

    /// More runs of a day than this are not looked at.
    private static let mostRuns = 10_000
    private static let mostOfEach = 8

    func show() async throws {
        let zone: JSON = .string(session.zone)
        let since = (Host.now - .hours(24)).description
        let status = try await session.callInZone("agent.status")
        let day = try await session.list(
            "run.list",
            ["since": .string(since), "timeZone": zone],
            "runs",
            limit: Self.mostRuns
        )
        let live = try await session.call("run.list", ["live": true, "all": true, "timeZone": zone])
        let tasks = try await session.list("task.list", ["timeZone": zone], "tasks")
        let services = try await session.list("service.list", [:], "services")
        let all: JSON = [
            "status": status, "runs": day["runs"] ?? [], "live": live["runs"] ?? [], "tasks": tasks["tasks"] ?? [],
            "services": services["services"] ?? [],
        ]
        if session.printJSON(all) { return }
        let page = TodayPage(
            status: status,
            runs: day["runs"]?.array ?? [],
            live: live["runs"]?.array ?? [],
            tasks: tasks["tasks"]?.array ?? [],
            services: services["services"]?.array ?? [],
            times: session.times,
            most: Self.mostOfEach
        )
        Standard.print(session.terminal.isTerminal ? page.text(session.terminal) : page.lines)
    }
}
