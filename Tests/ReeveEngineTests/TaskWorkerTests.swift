import ReeveEngine
import Testing

@Suite struct TaskWorkerTests {
    @Test func `a stop cancels the function and is a clean end`() async throws {
        let began = Events<Int>()
        let worker = TaskWorker { _ in
            began.add(1)
            await StopSignal().requested()
            try Task.checkCancellation()
        }
        async let end: Void = worker.wait()
        _ = await began.next()
        worker.stop()
        worker.stop()
        try await end
    }

    @Test func `a stop before the beginning counts`() async throws {
        let worker = TaskWorker { _ in await StopSignal().requested() }
        worker.stop()
        try await worker.wait()
    }

    @Test func `what the function throws is the worker's end`() async {
        let worker = TaskWorker { _ in throw Trouble(text: "x") }
        await #expect(throws: Trouble(text: "x")) { try await worker.wait() }
        let stopped = TaskWorker { signal in
            await signal.requested()
            throw Trouble(text: "late")
        }
        stopped.stop()
        await #expect(throws: Trouble(text: "late")) { try await stopped.wait() }
    }

    @Test func `a signal leaves the function to end in its own time`() async throws {
        let ended = Events<Bool>()
        let worker = TaskWorker(stopping: .signals) { signal in
            await signal.requested()
            ended.add(Task.isCancelled)
        }
        worker.stop()
        try await worker.wait()
        #expect(await ended.next() == false)
    }
}
