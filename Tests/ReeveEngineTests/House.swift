import Logging
import ReeveEngine
import TestSupport
import Testing

/// An engine with a clock that stands still.
struct House {
    static let store = Resource<String>("store")

    let clock = ManualClock()
    let engine: Engine
    let transitions = Events<Transition>()

    init(
        _ rules: EngineConfiguration = MachineDriver.rules(),
        fatalErrors: FatalErrors = FatalErrors()
    ) throws {
        let clock = clock
        engine = try Engine(
            configuration: rules,
            clock: clock,
            wallTime: { Int64(clock.now.offset / .milliseconds(1)) },
            logger: Logger(label: "engine", factory: { _ in SwiftLogNoOpLogHandler() }),
            fatalErrors: fatalErrors,
            seed: 1,
            onTransition: transitions.add
        )
    }

    /// Runs the engine around the body, shuts it down afterwards and answers what was left.
    @discardableResult
    func running(_ body: (Engine) async throws -> Void) async throws -> [String] {
        let engine = engine
        async let left = engine.run()
        do { try await body(engine) } catch {
            engine.shutdown(within: .zero)
            throw error
        }
        engine.shutdown()
        return try await left
    }

    /// A worker that ends when it is told to.
    static var idler: TaskWorker { TaskWorker(stopping: .signals) { await $0.requested() } }

    func storing(_ value: String) -> Manifold {
        Manifold("store", outputs: [Self.store.declaration]) { _ in
            Started(Self.idler, outputs: [Self.store.output(value)])
        }
    }
}

/// What happened, in order, for a test to wait for.
final class Events<Element: Sendable>: Sendable {
    private let stream: AsyncStream<Element>
    private let continuation: AsyncStream<Element>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    func add(_ element: Element) {
        continuation.yield(element)
    }

    /// Waits for the next one. To be used by one task.
    func next() async -> Element? {
        var iterator = stream.makeAsyncIterator()
        return await iterator.next()
    }

    /// Skips to the first that is wanted.
    func first(where isWanted: (Element) -> Bool) async -> Element? {
        while let element = await next() {
            if isWanted(element) { return element }
        }
        return nil
    }

    func next(_ count: Int) async -> [Element] {
        var elements: [Element] = []
        while elements.count < count, let element = await next() { elements.append(element) }
        return elements
    }
}

struct Trouble: Error, Equatable {
    var text: String
}

/// Makes the worker that runs now fail.
actor Failures {
    private var present: AsyncStream<any Error>.Continuation?

    func worker() -> TaskWorker {
        let (stream, continuation) = AsyncStream<any Error>.makeStream()
        present = continuation
        return TaskWorker { _ in
            for await error in stream { throw error }
            throw CancellationError()
        }
    }

    func fail(_ text: String) {
        fail(with: Trouble(text: text))
    }

    func fail(with error: any Error) {
        present?.yield(error)
    }
}
