import JSON
import ReeveProtocol
import Testing

@testable import reeve

struct ServiceStandingTests {
    private static let now = Timestamp("2026-11-27T12:00:00Z") ?? Timestamp(milliseconds: 0)
    private let onTerminal = TimeText(terminal: Terminal(isTerminal: true, isStyled: false, width: 120), now: now)
    private let inPipe = TimeText(terminal: Terminal(isTerminal: false, isStyled: false, width: .max), now: now)

    @Test(
        arguments: [
            (#"{"status": "running", "failures": 0}"#, nil),
            (#"{"status": "running", "failures": 0, "text": "3 clients"}"#, "3 clients"),
            (#"{"status": "running", "failures": 2}"#, "after 2 failures in a row"),
            (#"{"status": "running", "health": "unhealthy", "reason": "3 tries failed"}"#, "3 tries failed"),
            (#"{"status": "starting", "failures": 0}"#, "not ready yet"),
            (
                #"{"status": "waiting", "waitingFor": ["db to be ready"], "cause": "requirement", "reason": "gone"}"#,
                "waits for db to be ready"
            ),
            (
                #"{"status": "waiting", "nextTry": "2026-11-27T12:00:05Z", "failures": 3, "reason": "exited with 1"}"#,
                "next try in 5s; exited with 1; 3 failures in a row"
            ),
            (#"{"status": "stopped", "stopped": {"by": "uid:0"}, "reason": "exited with 0"}"#, "by uid:0"),
            (
                #"{"status": "stopped", "stopped": {"by": "uid:0"}, "cause": "requested", "reason": "stopped by x: y"}"#,
                "stopped by x: y"
            ),
            (#"{"status": "completed", "reason": "exited with 0"}"#, "exited with 0"),
            (#"{"status": "failed", "failures": 1, "reason": "exited with 1"}"#, "exited with 1"),
            (#"{"status": "failed", "failures": 5, "reason": "killed"}"#, "killed; 5 failures in a row"),
            (#"{"status": "somethingNew"}"#, nil),
        ] as [(String, String?)]
    )
    func `a note says what the status does not`(item: String, note: String?) throws {
        #expect(ServiceStanding(item: try JSON(parsing: item), times: onTerminal).note == note)
    }

    @Test(
        arguments: [
            (#"{"status": "running", "health": "healthy"}"#, false),
            (#"{"status": "running", "health": "unhealthy"}"#, true), (#"{"status": "completed"}"#, false),
            (#"{"status": "stopped"}"#, false), (#"{"status": "failed"}"#, true), (#"{"status": "starting"}"#, false),
            (#"{"status": "waiting"}"#, false), (#"{"status": "waiting", "waitingFor": ["db to be ready"]}"#, true),
            (#"{"status": "waiting", "reason": "exited with 1"}"#, true),
        ]
    )
    func `a person has to look at what is neither well, nor stopped by hand, nor on its way`(
        item: String,
        isInTrouble: Bool
    ) throws {
        #expect(ServiceStanding(item: try JSON(parsing: item), times: onTerminal).isInTrouble == isInTrouble)
    }

    private static let services = """
        [{"name": "db", "status": "running", "pid": 17, "starts": 2, "failures": 0, "health": "healthy",
          "startedAt": "2026-11-27T11:50:00Z", "readyAt": "2026-11-27T11:55:00Z"},
         {"name": "web", "status": "waiting", "starts": 0, "failures": 1, "cause": "notFound",
          "nextTry": "2026-11-27T12:00:02.500Z", "reason": "no such file"},
         {"name": "old", "status": "stopped", "starts": 0, "failures": 0,
          "stopped": {"by": "uid:7", "at": "2026-11-27T11:59:50Z"}}]
        """

    @Test func `a terminal gets for how long, and what else is to say`() throws {
        let services = try JSON(parsing: Self.services).array ?? []
        #expect(
            ServiceList.table(services, onTerminal).aligned(width: 120, styled: false) == """
                SERVICE  STATUS   HEALTH   FOR   PID  STARTS  WHY
                db       running  healthy  5m0s  17   2       -
                web      waiting  -        -     -    0       next try in 2s; no such file; 1 failure
                old      stopped  -        10s   -    0       by uid:7

                """
        )
    }

    @Test func `a pipe gets times, and always the same fields`() throws {
        let services = try JSON(parsing: Self.services).array ?? []
        #expect(
            ServiceList.table(services, inPipe).separated == """
                db\trunning\thealthy\t2026-11-27T11:55:00Z\t17\t2\t-
                web\twaiting\t-\t-\t-\t0\tnext try 2026-11-27T12:00:02.500Z; no such file; 1 failure
                old\tstopped\t-\t2026-11-27T11:59:50Z\t-\t0\tby uid:7

                """
        )
    }

    @Test func `what is shown above a definition is what is known`() throws {
        let answer = try JSON(
            parsing: """
                {"service": {"name": "web"}, "revision": 3, "status": "failed", "starts": 4, "failures": 4,
                 "startedAt": "2026-11-27T11:59:00Z", "stoppedAt": "2026-11-27T11:59:01Z", "exitCode": 7,
                 "reason": "exited with 7", "ready": false, "source": "rpc", "by": "uid:0",
                 "changedAt": "2026-11-27T11:00:00Z"}
                """
        )
        let lines = ServiceShow.facts(answer, onTerminal).map { "\($0): \($1)" }
        #expect(
            lines == [
                "revision: 3, changed 2026-11-27 11:00:00 UTC by uid:0", "source: rpc",
                "status: failed: exited with 7; 4 failures in a row", "starts: 4",
                "started: 2026-11-27 11:59:00 UTC (1m0s ago)", "stopped: 2026-11-27 11:59:01 UTC (59s ago)",
                "last end: exited with 7",
            ]
        )
    }

    @Test func `services are counted by what they do`() {
        let services: [JSON] = [["status": "failed"], ["status": "running"], ["status": "running"], ["status": "new"]]
        #expect(ServiceCount(services).text == "4 services: 2 running, 1 failed, 1 new")
        #expect(ServiceCount([["status": "running"]]).text == "1 service: 1 running")
        #expect(ServiceCount([]).text == nil)
    }

    @Test func `the day names services that are down, with the command to look closer`() throws {
        let page = TodayPage(
            status: ["name": "vm"],
            runs: [],
            live: [],
            tasks: [],
            services: try JSON(parsing: Self.services).array ?? [],
            times: inPipe,
            most: 8
        )
        #expect(
            page.lines == """
                day\tvm\t-\tnothing has run in the last 24 hours\treeve runs --since 24h
                services\t-\t-\t3 services: 1 running, 1 waiting, 1 stopped\treeve service
                down\tweb\t-\twaiting: no such file\treeve why web

                """
        )
    }
}
