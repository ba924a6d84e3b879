import ReeveProtocol
import Testing

@testable import ReeveService
@testable import ReeveStore

/// What is to be done so that the engine has what the store says.
struct ServicePlanTests {
    private static let at = Timestamp(milliseconds: 1_795_231_211_000)

    private func stored(
        _ definition: ServiceDefinition = ServiceDefinition(name: "web", command: ["/bin/web"]),
        status: ServiceStatus = .waiting,
        removed: Bool = false,
        _ orders: (inout ServiceOrders) -> Void = { _ in }
    ) -> StoredService {
        var made = ServiceOrders()
        made.request = 1
        orders(&made)
        return StoredService(
            row: 1,
            definition: definition,
            revision: 1,
            source: "rpc",
            by: "uid:0",
            createdAt: Self.at,
            changedAt: Self.at,
            removed: removed,
            orders: made,
            state: ServiceState(status: status)
        )
    }

    private func order(_ request: Int) -> ServiceOrder {
        ServiceOrder(request: request, at: Self.at, by: "uid:0", reason: nil)
    }

    private func plan(_ service: StoredService, installed: ServicePlan.Installed? = nil) -> [ServicePlan.Action] {
        ServicePlan(installed: installed.map { [service.name: $0] } ?? [:], stored: [service]).actions
    }

    private func installed(_ service: StoredService, isLeaving: Bool = false) -> ServicePlan.Installed {
        ServicePlan.Installed(definition: service.definition, request: 1, isLeaving: isLeaving)
    }

    @Test func `what is new is installed, unless it stands still by hand`() {
        #expect(plan(stored()) == [.install(stored())])
        let still = stored { $0.stopped = order(1) }
        #expect(plan(still) == [.rest(still)])
    }

    @Test func `what is as it is to be is left alone`() {
        #expect(plan(stored(), installed: installed(stored())) == [])
    }

    @Test func `what is leaving is left alone, whatever the store says`() {
        for service in [stored(), stored(removed: true), stored { $0.stopped = order(2) }] {
            #expect(plan(service, installed: installed(service, isLeaving: true)) == [])
        }
    }

    @Test func `what is removed leaves, and is forgotten when it is gone`() {
        let service = stored(removed: true)
        #expect(plan(service, installed: installed(service)) == [.leave(service, .removed)])
        #expect(plan(service) == [.forget(service)])
    }

    // MARK: What runs on

    /// - Parameter definition: By which the process was started, where that is another one.
    private func plan(running service: StoredService, _ definition: ServiceDefinition? = nil) -> [ServicePlan.Action] {
        plan(running: [service], [service.name: definition ?? service.definition])
    }

    private func plan(running stored: [StoredService], _ running: [String: ServiceDefinition]? = nil)
        -> [ServicePlan.Action]
    {
        let own = Dictionary(uniqueKeysWithValues: stored.map { ($0.name, $0.definition) })
        return ServicePlan(installed: [:], stored: stored, running: running ?? own).actions
    }

    @Test func `a process that is the right one is taken over`() {
        #expect(plan(running: stored(status: .running)) == [.install(stored(status: .running))])
    }

    @Test func `what was given up is not tried again for a restart of the part, but for a request`() {
        var service = stored(status: .failed)
        service.state.request = 1
        #expect(plan(service) == [])
        service.orders.request = 2
        #expect(plan(service) == [.install(service)])
    }

    @Test func `one that is not to run, or that was told to end, is ended`() {
        let removed = stored(status: .running, removed: true)
        #expect(plan(running: removed) == [.end(removed, .removed)])
        let still = stored(status: .running) { $0.stopped = order(2) }
        #expect(plan(running: still) == [.end(still, .requested("by uid:0"))])
        let other = stored(ServiceDefinition(name: "web", command: ["/bin/web", "-v"]), status: .running)
        #expect(plan(running: other, stored().definition) == [.end(other, .changed)])
        #expect(plan(running: stored(status: .stopping)) == [.end(stored(status: .stopping), nil)])
    }

    @Test func `one whose requirement does not hold is ended, and so are those that require it`() {
        func service(_ name: String, _ requires: [RequirementDefinition]) -> StoredService {
            var definition = ServiceDefinition(name: name, command: ["/bin/x"])
            definition.requires = requires
            return stored(definition, status: .running)
        }
        var db = service("db", [])
        let web = service("web", [RequirementDefinition(.service("db")), RequirementDefinition(.task("migrate"))])
        let proxy = service("proxy", [RequirementDefinition(.service("web"), .started)])
        #expect(plan(running: [db, web, proxy]) == [.install(db), .install(web), .install(proxy)])
        db.state.status = .starting
        #expect(
            plan(running: [db, web, proxy])
                == [.install(db), .end(web, .requirement), .end(proxy, .requirement)]
        )
    }

    @Test func `a stop by hand leaves, and says by whom`() {
        let service = stored {
            $0.request = 2
            $0.stopped = order(2)
        }
        #expect(plan(service, installed: installed(service)) == [.leave(service, .requested("by uid:0"))])
    }

    @Test func `another command needs another process, another restart policy does not`() {
        var definition = ServiceDefinition(name: "web", command: ["/bin/web", "-v"])
        let other = stored(definition) { $0.request = 2 }
        #expect(plan(other, installed: installed(stored())) == [.leave(other, .changed)])
        definition = ServiceDefinition(name: "web", command: ["/bin/web"])
        definition.restart = RestartDefinition(.never)
        definition.stop = StopDefinition(signal: "INT")
        definition.labels = ["team": "data"]
        definition.description = "the shop"
        let adjusted = stored(definition) { $0.request = 2 }
        #expect(plan(adjusted, installed: installed(stored())) == [.adjust(adjusted)])
    }

    @Test func `of a start and a restart that nobody carried out the restart is done`() {
        let restarted = stored {
            $0.request = 3
            $0.restarted = order(2)
            $0.started = order(3)
        }
        #expect(plan(restarted, installed: installed(restarted)) == [.restart(restarted, .restarted("by uid:0"))])
        let started = stored {
            $0.request = 3
            $0.restarted = order(1)
            $0.started = order(3)
        }
        #expect(plan(started, installed: installed(started)) == [.start(started)])
    }

    @Test(arguments: [
        RequirementDefinition(.service("db")), RequirementDefinition(.service("db"), .healthy),
        RequirementDefinition(.service("db"), .started), RequirementDefinition(.service("task"), .ready),
        RequirementDefinition(.service("db"), .succeeded), RequirementDefinition(.task("ready")),
        RequirementDefinition(.task("a.b-c_d")),
    ])
    func `a requirement is found again behind the engine's resource`(requirement: RequirementDefinition) throws {
        let name = Milestone(requirement)?.name ?? requirement.service ?? ""
        let found = try #require(RequirementDefinition(resource: name))
        #expect(found.subject == requirement.subject)
        #expect(found.effectiveCondition == requirement.effectiveCondition)
    }
}
