import JSON
import ReeveProtocol
import TestSupport
import Testing

@testable import ReeveStore

@Suite struct ServiceStoreTests {
    private static func web(_ argument: String = "a") -> ServiceDefinition {
        ServiceDefinition(name: "web", command: [argument])
    }

    private static func change(_ id: String, _ kind: ServiceChange.Kind, _ state: ServiceState) -> ServiceChange {
        ServiceChange(id: id, kind: kind, state: state, at: Timestamp(milliseconds: 1_795_231_211_000))
    }

    @Test func `a put makes, changes, or finds the same, and each change is told once`() async throws {
        try await withStore { store, _ in
            var puts: [ServicePut] = []
            for argument in ["a", "a", "b"] {
                puts.append(try await store.write { try $0.putService(Self.web(argument), source: "rpc", by: "uid:0") })
            }
            #expect(puts.map(\.created) == [true, false, false])
            #expect(puts.map(\.changed) == [true, false, true])
            #expect(puts.map(\.service.revision) == [1, 1, 2])
            #expect(puts.map(\.service.orders.request) == [1, 1, 2])
            #expect(Set(puts.map(\.service.row)).count == 1)
            let types = try await store.journal().map(\.content.type)
            #expect(types == ["dev.reeve.service.created", "dev.reeve.service.changed"])
        }
    }

    @Test func `what belongs to another source is refused with its owner, and nothing changes`() async throws {
        try await withStore { store, _ in
            _ = try await store.write { try $0.putService(Self.web(), source: "folder:/x", by: "folder:/x") }
            let before = try await store.read { try $0.service("web") }
            let put = try await storeError {
                _ = try await store.write { try $0.putService(Self.web("b"), source: "rpc", by: "uid:0") }
            }
            let removal = try await storeError {
                _ = try await store.write { try $0.removeService("web", source: "rpc", by: "uid:0") }
            }
            for error in [put, removal] {
                #expect(error?.code == .conflict(StoreError.Conflict(current: 1, owner: "folder:/x")))
            }
            #expect(try await store.read { try $0.service("web") } == before)
            try await store.write { try $0.moveService("web", to: "rpc") }
            _ = try await store.write { try $0.removeService("web", source: "rpc", by: "uid:0") }
            #expect(try await store.read { try $0.service("web") } == nil)
        }
    }

    @Test func `who stopped it first is who it stands still for, until it is started`() async throws {
        try await withStore { store, _ in
            _ = try await store.write { try $0.putService(Self.web(), source: "rpc", by: "uid:0") }
            func order(_ kind: ServiceOrderKind, _ by: String) async throws -> ServiceOrders {
                try await store.write { try $0.orderService("web", kind, by: by, reason: nil).orders }
            }
            #expect(try await order(.stop, "first").stopped?.by == "first")
            let second = try await order(.stop, "second")
            #expect(second.stopped?.by == "first" && second.request == 3)
            _ = try await store.write { try $0.putService(Self.web("b"), source: "rpc", by: "uid:0") }
            #expect(try await store.read { try $0.service("web")?.orders.stopped?.by } == "first")
            let started = try await order(.start, "third")
            #expect(started.stopped == nil && started.lastStop?.by == "first" && started.started?.request == 5)
            let restarted = try await order(.restart, "fourth")
            #expect(restarted.lastStart == 6 && restarted.restarted?.by == "fourth")
            let error = try await storeError {
                _ = try await store.write { try $0.orderService("nobody", .stop, by: "x", reason: nil) }
            }
            #expect(error?.code == .notFound)
        }
    }

    @Test func `what became of it is told once, and not of another that took its name`() async throws {
        try await withStore { store, _ in
            let first = try await store.write { try $0.putService(Self.web(), source: "rpc", by: "uid:0") }.service
            var state = ServiceState(status: .running)
            state.pid = 7
            let started = Self.change("id-1", .started, state)
            for _ in 0..<2 {
                try await store.write { [state] in try $0.recordService("web", row: first.row, state, [started]) }
            }
            #expect(try await store.journal().count == 2)
            #expect(try await store.read { try $0.service("web")?.state } == state)
            // It is not forgotten while it is wanted.
            #expect(try await store.write { try $0.forgetService(row: first.row) } == false)
            _ = try await store.write { try $0.removeService("web", source: "rpc", by: "uid:0") }
            #expect(try await store.write { try $0.forgetService(row: first.row) })
            let second = try await store.write { try $0.putService(Self.web(), source: "rpc", by: "uid:0") }.service
            #expect(second.row != first.row && second.revision == 1 && second.state == ServiceState())
            try await store.write { [state] in
                try $0.recordService("web", row: first.row, state, [Self.change("id-2", .ready, state)])
            }
            _ = try await store.write { try $0.removeService("web", source: "rpc", by: "uid:0") }
            #expect(try await store.write { try $0.forgetService(row: first.row) } == false)
            let types = try await store.journal().map { $0.content.type.dropFirst("dev.reeve.service.".count) }
            #expect(types == ["created", "started", "removed", "created", "removed"])
        }
    }

    @Test func `one that is put again before it has gone is the same one, newly made`() async throws {
        try await withStore { store, directory in
            let first = try await store.write { try $0.putService(Self.web(), source: "rpc", by: "uid:0") }.service
            _ = try await store.write { try $0.orderService("web", .stop, by: "x", reason: nil) }
            _ = try await store.write { try $0.removeService("web", source: "rpc", by: "uid:0") }
            directory.clock.advance(by: .seconds(1))
            let again = try await store.write { try $0.putService(Self.web(), source: "folder:/x", by: "y") }
            #expect(again.created && again.service.row == first.row && again.service.revision == 2)
            #expect(again.service.orders.stopped == nil && !again.service.removed)
            #expect(again.service.createdAt == first.createdAt + .seconds(1))
        }
    }

    @Test func `an agent that went down took all that ran with it, and that is told of each`() async throws {
        try await withStore { store, _ in
            let states: [(String, ServiceStatus)] = [
                ("running", .running), ("starting", .starting), ("done", .completed), ("waits", .waiting),
            ]
            for (name, status) in states {
                let service = try await store.write {
                    try $0.putService(ServiceDefinition(name: name, command: ["a"]), source: "rpc", by: "uid:0")
                }.service
                var state = ServiceState(status: status)
                state.pid = status.isAlive ? 7 : nil
                try await store.write { [state] in try $0.recordService(name, row: service.row, state, []) }
            }
            _ = try await store.write { try $0.orderService("running", .stop, by: "x", reason: nil) }
            let head = store.head
            try await store.write { try $0.loseServices() }
            let after = try await store.read { try $0.services() }.map { "\($0.name) \($0.state.status)" }
            #expect(after == ["done completed", "running stopped", "starting waiting", "waits waiting"])
            let told = try await store.journal().filter { $0.sequence > head }
            #expect(told.map(\.content.subject) == ["running", "starting"])
            #expect(told.allSatisfy { $0.content.data?["cause"] == "agentCrashed" && $0.content.data?["pid"] == nil })
            // Once is enough.
            try await store.write { try $0.loseServices() }
            #expect(store.head == head + 2)
        }
    }
}
