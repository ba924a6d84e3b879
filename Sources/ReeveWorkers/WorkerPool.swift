import CLinux
import NIOConcurrencyHelpers
import NIOCore
import ReeveProcess
@_spi(ExperimentalCustomExecutors) @_spi(ExperimentalScheduling) package import _Concurrency

/// The threads on which all tasks of the process run, in place of the run-time library's.
///
/// That one gives its jobs to libdispatch's global queue, which from the first one on wakes up each second to see whether
/// its threads are blocked (`_dispatch_workq_monitor_pools`): a host would never be idle. These threads wait for a job and
/// for nothing else, and who sleeps is woken by one timer. Private serial queues, as GRDB has them, are not looked at so.
///
/// What it is put in place by is experimental in Swift 6.3 (`ExecutorFactory`; delays became SE-0505): where another
/// version names it otherwise, this does not compile.
package final class WorkerPool: TaskExecutor {
    /// A flag is as good as a count: the roster wakes only whom it took from its idle, and they are idle again only when
    /// they have asked.
    private struct Worker: Sendable {
        private let isWoken = ConditionLock(value: false)

        func wake() {
            isWoken.lock()
            isWoken.unlock(withValue: true)
        }

        func wait() {
            isWoken.lock(whenValue: true)
            isWoken.unlock(withValue: false)
        }
    }

    /// How long no job may begin, while some wait, until there is another thread.
    private static let patience = Duration.milliseconds(50)
    private static let most = 64
    /// What the run-time library knows as no particular executor (`SerialExecutorRef::generic()`), in which jobs are run
    /// that are not of an actor with threads of its own. By any other name each call of an actor would be a job of its own,
    /// as the public `runSynchronously(on:)` with a task executor has it; a public name for this one there is not.
    ///
    /// That the cast is right: `UnownedSerialExecutor` is a frozen struct of one `Builtin.Executor`, which is two words, and
    /// both being null is what "generic" is. A null identity is compared, and never followed. Were the size another one, the
    /// cast would trap, and `WorkerPoolTests` with it.
    private static let anyExecutor = unsafe unsafeBitCast((0, 0), to: UnownedSerialExecutor.self)

    let timers: Timers
    private let roster: NIOLockedValueBox<Roster<UnownedJob, Worker>>

    /// Fails only if the process may have no more descriptors or threads.
    init?(threads: Int = max(2, System.coreCount)) {
        guard let timers = Timers() else { return nil }
        self.timers = timers
        roster = NIOLockedValueBox(Roster(usual: threads, most: Self.most))
        for _ in 0..<threads { guard start() else { return nil } }
    }

    package var clock: SteadyClock { SteadyClock(timers: timers) }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        switch roster.withLockedValue({ $0.add(job) }) {
        case .wake(let worker): worker.wake()
        case .watch: lookLater()
        case .none: break
        }
    }

    private func start() -> Bool {
        startThread("worker") { [self] in work(Worker()) } == 0
    }

    private func work(_ worker: Worker) {
        while true {
            switch roster.withLockedValue({ $0.next(for: worker) }) {
            case .job(let job): job.runSynchronously(on: Self.anyExecutor)
            case .wait: worker.wait()
            case .end: return
            }
        }
    }

    private func lookLater() {
        timers.add(timers.key(after: Self.patience)) { _ in self.look() }
    }

    private func look() {
        switch roster.withLockedValue({ $0.look() }) {
        case .rest: return
        case .again: break
        case .grow: if !start() { roster.withLockedValue { $0.couldNotGrow() } }
        }
        lookLater()
    }
}

extension WorkerPool: SchedulingExecutor {
    package func enqueue<C: Clock>(
        _ job: consuming ExecutorJob,
        at instant: C.Instant,
        tolerance: C.Duration?,
        clock: C
    ) {
        enqueue(UnownedJob(job), at: instant, clock: clock)
    }

    /// A clock that stands still while the host is suspended is asked again when its time should have come.
    private func enqueue<C: Clock>(_ job: UnownedJob, at instant: C.Instant, clock: C) {
        guard let left = clock.now.duration(to: instant) as? Duration else {
            preconditionFailure("only the standard library's clocks sleep by the executor: \(C.self)")
        }
        guard left > .zero else { return enqueue(job) }
        timers.add(timers.key(after: left)) { _ in self.enqueue(job, at: instant, clock: clock) }
    }
}

// MARK: - The whole process

extension WorkerPool {
    /// The pool of the process; `nil` if it may have no more descriptors or threads.
    private static let shared = WorkerPool()

    private enum Factory: ExecutorFactory {
        static var mainExecutor: any MainExecutor { PlatformExecutorFactory.mainExecutor }

        static var defaultExecutor: any TaskExecutor {
            guard let shared = WorkerPool.shared else { preconditionFailure("asked only where there is one") }
            return shared
        }
    }

    /// Makes all tasks of the process run here: to be called before there is any.
    package static func takeOver() -> WorkerPool? {
        guard let shared else { return nil }
        _createExecutors(factory: Factory.self)
        return shared
    }
}
