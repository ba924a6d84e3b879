import Logging
import ReeveEngine
import TestSupport
import Testing

@Suite struct LogTests {
    /// Hands on the messages that an operator sees.
    private struct Handler: LogHandler {
        let messages: Events<String>
        var metadata: Logger.Metadata = [:]
        var metadataProvider: Logger.MetadataProvider?
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            messages.add("\(event.level) \(event.metadata?["failures"]?.description ?? "")")
        }
    }

    @Test func `a crash loop of ten thousand failures costs a line for each doubling`() async throws {
        let messages = Events<String>()
        let transitions = Events<Transition>()
        var rules = EngineConfiguration()
        rules.backoff.delay = .zero
        rules.failureLimit = FailureLimit(count: 10_000, window: .seconds(1))
        let engine = try Engine(
            configuration: rules,
            clock: ManualClock(),
            wallTime: { 0 },
            logger: Logger(label: "engine") { _ in Handler(messages: messages) },
            onTransition: transitions.add
        )
        try engine.install(Manifold("loop") { _ in throw Trouble(text: "no port") })
        async let left = engine.run()
        _ = await transitions.first { $0.state == .failed }
        engine.shutdown()
        #expect(try await left == [])
        messages.add("the end")
        var lines: [String] = []
        while let line = await messages.next(), line != "the end" { lines.append(line) }
        let doublings = (0...13).map { "warning \(1 << $0)" }
        #expect(lines == doublings + ["error 10000"])
    }
}
