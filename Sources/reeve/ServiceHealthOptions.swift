import ArgumentParser
import JSON
import ReeveProtocol

/// When a service is ready and whether it is healthy, as options.
struct ServiceHealthOptions: ParsableArguments {
    @Flag(help: "It is ready when it says READY=1 to $NOTIFY_SOCKET, as systemd's services do.")
    var readyNotify = false

    @Option(help: ArgumentHelp("It is ready when it writes a line with this in it.", valueName: "text"))
    var readyLog: String?

    @Option(help: ArgumentHelp("It is ready when somebody listens there.", valueName: "host:port"))
    var readyTCP: String?

    @Option(help: ArgumentHelp("It is ready when this is answered with 200 to 399.", valueName: "url"))
    var readyHTTP: String?

    @Option(help: ArgumentHelp("It is ready when this line for /bin/sh succeeds.", valueName: "shell line"))
    var readyExec: String?

    @Option(help: ArgumentHelp("It has failed if it takes longer (default: 90s).", valueName: "duration"))
    var readyTimeout: Interval?

    @Option(help: ArgumentHelp("It is healthy while somebody listens there.", valueName: "host:port"))
    var probeTCP: String?

    @Option(help: ArgumentHelp("It is healthy while this is answered with 200 to 399.", valueName: "url"))
    var probeHTTP: String?

    @Option(help: ArgumentHelp("It is healthy while this line for /bin/sh succeeds.", valueName: "shell line"))
    var probeExec: String?

    @Option(help: ArgumentHelp("Ask again after so long (default: 10s).", valueName: "duration"))
    var probeInterval: Interval?

    @Option(help: ArgumentHelp("Give up one try after so long (default: 5s).", valueName: "duration"))
    var probeTimeout: Interval?

    @Option(help: ArgumentHelp("It is unhealthy after so many failures in a row (default: 3).", valueName: "count"))
    var probeThreshold: Int?

    @Option(help: ArgumentHelp("Failures do not count for so long after a start.", valueName: "duration"))
    var probeStartPeriod: Interval?

    @Flag(help: "Start it anew when it is unhealthy.")
    var probeRestart = false

    @Option(help: ArgumentHelp("It has failed if it does not say WATCHDOG=1 this often.", valueName: "duration"))
    var watchdog: Interval?

    func validate() throws {
        let ways = [readyNotify, readyLog != nil, readyTCP != nil, readyHTTP != nil, readyExec != nil]
        guard ways.count(where: { $0 }) <= 1 else {
            throw ValidationError("A service becomes ready in one way: give only one --ready-….")
        }
        guard readyTimeout == nil || ways.contains(true) else {
            throw ValidationError("--ready-timeout needs a way to tell: --ready-notify, -log, -tcp, -http or -exec.")
        }
        let probes = [probeTCP, probeHTTP, probeExec].count { $0 != nil }
        guard probes <= 1 else {
            throw ValidationError("A service has one probe: give only one of --probe-tcp, --probe-http, --probe-exec.")
        }
        let isTuned =
            probeInterval != nil || probeTimeout != nil || probeThreshold != nil || probeStartPeriod != nil
            || probeRestart
        guard probes == 1 || !isTuned else {
            throw ValidationError("There is no probe to set that of: give --probe-tcp, --probe-http or --probe-exec.")
        }
    }

    func add(to service: inout JSONObject) {
        service["ready"] = ServiceOptions.object([
            ("notify", readyNotify ? true : nil), ("log", readyLog.map(JSON.string)),
            ("tcp", readyTCP.map(JSON.string)), ("http", readyHTTP.map(JSON.string)),
            ("exec", readyExec.map(Self.shell)), ("timeout", readyTimeout.map { .string($0.description) }),
        ])
        service["probe"] = ServiceOptions.object([
            ("tcp", probeTCP.map(JSON.string)), ("http", probeHTTP.map(JSON.string)),
            ("exec", probeExec.map(Self.shell)), ("interval", probeInterval.map { .string($0.description) }),
            ("timeout", probeTimeout.map { .string($0.description) }),
            ("threshold", probeThreshold.map { .number($0) }),
            ("startPeriod", probeStartPeriod.map { .string($0.description) }),
            ("unhealthy", probeRestart ? "restart" : nil),
        ])
        service["watchdog"] = watchdog.map { .string($0.description) }
    }

    private static func shell(_ line: String) -> JSON {
        ["/bin/sh", "-c", .string(line)]
    }
}
