import Testing

@testable import ReeveStore

@Suite(.timeLimit(.minutes(5))) struct WakeupTests {
    @Test func `what was set before anybody waits is not lost, and counts once`() async {
        let wakeup = Wakeup()
        wakeup.set()
        wakeup.set()
        await wakeup.wait()
        let second = Task { await wakeup.wait() }
        wakeup.set()
        await second.value
    }

    @Test func `a cancelled wait ends, and the next set is not lost`() async {
        let wakeup = Wakeup()
        for _ in 0..<200 {
            let wait = Task { await wakeup.wait() }
            await Task.yield()
            wait.cancel()
            await wait.value
            wakeup.set()
            await wakeup.wait()
        }
    }

    @Test func `a set beside a cancellation reaches somebody`() async {
        let wakeup = Wakeup()
        for _ in 0..<200 {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await wakeup.wait() }
                group.addTask { wakeup.set() }
                await group.waitForAll()
            }
        }
    }
}
