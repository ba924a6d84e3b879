import ReeveProtocol
import Testing

@testable import ReeveAgent
@testable import ReeveSubmitter

/// The text of `agent.metrics`, read as OpenMetrics wants it to be read.
struct AgentMetricsTests {
    private static func endpoint(_ name: String, _ overview: EndpointOverview?) -> AgentMetrics.Endpoint {
        AgentMetrics.Endpoint(
            name: name,
            state: .down,
            isMuted: true,
            backlog: EndpointBacklog(pending: 3, oldest: Timestamp(seconds: 100), deadLetters: 2),
            overview: overview
        )
    }

    private static var text: String {
        var counts = DeliveryCounts()
        counts.delivered = 7
        counts.answered(Reply(status: 200, text: ""), after: .milliseconds(3))
        counts.answered(Reply(status: 200, text: ""), after: .milliseconds(30))
        counts.answered(Reply(status: nil, text: "no route"), after: .seconds(60))
        let overview = EndpointOverview(
            state: .down,
            breaker: .halfOpen,
            cursor: 1,
            waiting: 0,
            laggards: 4,
            inFlight: 1,
            nextTry: nil,
            counts: counts
        )
        var metrics = AgentMetrics(version: "1.2", startedAt: Timestamp(seconds: 50), now: Timestamp(seconds: 130))
        metrics.endpoints = [endpoint("ops", overview), endpoint("work", nil)]
        return metrics.text
    }

    @Test func `every sample stands below its family, families stand once, and the end is marked`() throws {
        #expect(Self.text.hasSuffix("\n# EOF\n"))
        var families: Set<String> = []
        var family = ""
        for line in Self.text.split(separator: "\n").dropLast() {
            let words = line.split(separator: " ").map(String.init)
            if line.hasPrefix("# TYPE ") {
                family = words[2]
                #expect(families.insert(family).inserted, "\(line)")
            } else if line.hasPrefix("# ") {
                #expect(words[2] == family)
            } else {
                let name = String(line.prefix { $0 != "{" && $0 != " " })
                let suffixes = ["", "_total", "_info", "_bucket", "_count", "_sum"]
                #expect(suffixes.contains { name == family + $0 }, "\(line)")
                #expect(Double(try #require(words.last)) != nil, "\(line)")
            }
        }
    }

    @Test(arguments: [
        #"reeve_info{version="1.2"} 1"#, "reeve_start_time_seconds 50.0",
        #"reeve_endpoint_pending{endpoint="work"} 3"#, #"reeve_endpoint_dead_letters{endpoint="ops"} 2"#,
        #"reeve_endpoint_oldest_undelivered_seconds{endpoint="ops"} 30.0"#,
        #"reeve_endpoint_state{endpoint="ops",reeve_endpoint_state="down"} 1"#,
        #"reeve_endpoint_state{endpoint="ops",reeve_endpoint_state="active"} 0"#,
        #"reeve_endpoint_breaker{endpoint="ops",reeve_endpoint_breaker="halfOpen"} 1"#,
        #"reeve_endpoint_delivered_total{endpoint="ops"} 7"#, #"reeve_endpoint_in_flight{endpoint="ops"} 1"#,
        #"reeve_endpoint_answers_total{endpoint="ops",status="200"} 2"#,
        #"reeve_endpoint_answers_total{endpoint="ops",status="none"} 1"#,
        #"reeve_endpoint_request_duration_seconds_bucket{endpoint="ops",le="0.005"} 1"#,
        #"reeve_endpoint_request_duration_seconds_bucket{endpoint="ops",le="0.05"} 2"#,
        #"reeve_endpoint_request_duration_seconds_bucket{endpoint="ops",le="30.0"} 2"#,
        #"reeve_endpoint_request_duration_seconds_bucket{endpoint="ops",le="+Inf"} 3"#,
        #"reeve_endpoint_request_duration_seconds_count{endpoint="ops"} 3"#,
    ])
    func `what is counted is there`(line: String) {
        #expect(Self.text.split(separator: "\n").contains(Substring(line)))
    }

    @Test func `what is special in a label is escaped`() {
        var text = OpenMetricsText()
        text.family("a", .gauge, "A \"b\"\nc.")
        text.sample("a", 1, [("l", "x\\y\"z\n")])
        #expect(text.text == "# TYPE a gauge\n# HELP a A \\\"b\\\"\\nc.\na{l=\"x\\\\y\\\"z\\n\"} 1\n# EOF\n")
    }
}
