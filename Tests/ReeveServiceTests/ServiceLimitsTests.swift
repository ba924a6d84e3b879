import ReeveEngine
import ReeveProtocol
import Testing

@testable import ReeveService

/// What the engine is told of how a service ends and is tried again.
struct ServiceLimitsTests {
    private static func limits(_ restart: RestartDefinition?, stop: StopDefinition? = nil) -> ManifoldLimits {
        var definition = ServiceDefinition(name: "web", command: ["/bin/true"])
        definition.restart = restart
        definition.stop = stop
        return Services.limits(definition)
    }

    @Test func `without a word it is tried for ever, after one second at first and one minute at most`() {
        let limits = Self.limits(nil)
        #expect(limits.failures == nil && limits.start == nil)
        let backoff = limits.backoff
        #expect(backoff?.delay == .seconds(1) && backoff?.factor == 2 && backoff?.maximum == .seconds(60))
        #expect(backoff?.resetAfter == RestartDefinition.defaultReset.duration)
    }

    @Test func `a restart that never is, is one failure and the end`() {
        // Also where a limit allows more.
        for limit in [nil, 5] {
            var restart = RestartDefinition(.never)
            restart.limit = limit
            #expect(Self.limits(restart).failures == FailureLimit(count: 1, window: .zero))
        }
    }

    @Test(arguments: [RestartPolicy.always, .onFailure])
    func `what it says of its restarts is what the engine goes by`(policy: RestartPolicy) {
        var restart = RestartDefinition(policy)
        restart.limit = 3
        restart.delay = .milliseconds(5)
        restart.factor = 3
        restart.maximum = .seconds(9)
        restart.reset = .minutes(2)
        restart.window = .minutes(1)
        let limits = Self.limits(restart)
        #expect(limits.failures == FailureLimit(count: 3, window: .seconds(60)))
        let backoff = limits.backoff
        #expect(backoff?.delay == .milliseconds(5) && backoff?.factor == 3 && backoff?.maximum == .seconds(9))
        #expect(backoff?.resetAfter == .seconds(120))
        restart.window = nil
        #expect(Self.limits(restart).failures?.window == RestartDefinition.defaultWindow.duration)
    }

    @Test func `its end has at least its grace, however long`() throws {
        let grace = Interval.minutes(90)
        let limit = try #require(Self.limits(nil, stop: StopDefinition(grace: grace)).stop)
        #expect(limit > grace.duration + .seconds(24 * 3600))
    }
}
