import ReeveProtocol
import Testing

@testable import ReeveService

/// States that are waited for.
struct ConditionsTests {
    @Test func `who waits is woken when the condition holds, and when it no longer does`() async {
        let conditions = Conditions()
        async let ready: Void = conditions.wait(for: .ready, of: "db")
        conditions.change("web") { $0.isReady = true }
        conditions.change("db") { $0.isReady = true }
        await ready
        async let lost: Void = conditions.wait(for: .ready, of: "db", isMet: false)
        conditions.forget("db")
        await lost
        #expect(conditions.standing(of: "db") == Conditions.Standing())
    }

    @Test func `what holds already is not waited for`() async {
        let conditions = Conditions()
        conditions.change("db") { $0.hasSucceeded = true }
        await conditions.wait(for: .succeeded, of: "db")
        await conditions.wait(for: .healthy, of: "db", isMet: false)
    }

    @Test func `a cancelled wait ends`() async {
        let conditions = Conditions()
        let task = Task { await conditions.wait(for: .ready, of: "db") }
        task.cancel()
        await task.value
    }
}
