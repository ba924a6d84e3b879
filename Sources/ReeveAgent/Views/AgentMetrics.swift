import ReeveProtocol
import ReeveStore
import ReeveSubmitter

/// What of the agent is counted, as OpenMetrics.
struct AgentMetrics: Sendable {
    struct Endpoint: Sendable {
        var name: String
        var state: EndpointState
        var isMuted: Bool
        var backlog: EndpointBacklog
        /// `nil` where nothing is sent to it, and while the part that sends is away.
        var overview: EndpointOverview?
    }

    var version: String
    var startedAt: Timestamp
    var now: Timestamp
    /// `nil` while the store is away.
    var statistics: StoreStatistics?
    /// What the store may have in use, in bytes.
    var budget: Int?
    var endpoints: [Endpoint] = []

    var text: String {
        var text = OpenMetricsText()
        addAgent(to: &text)
        if let statistics { add(statistics, to: &text) }
        guard !endpoints.isEmpty else { return text.text }
        addBacklogs(to: &text)
        addCounts(to: &text)
        addLatencies(to: &text)
        return text.text
    }

    private func addAgent(to text: inout OpenMetricsText) {
        text.family("reeve", .info, "The agent.")
        text.sample("reeve_info", 1, [("version", version)])
        text.family("reeve_start_time_seconds", .gauge, "When the agent started.", unit: "seconds")
        text.sample("reeve_start_time_seconds", Double(startedAt.milliseconds) / 1000)
    }

    private func add(_ statistics: StoreStatistics, to text: inout OpenMetricsText) {
        text.family("reeve_changes", .counter, "State changes that were ever recorded.")
        text.sample("reeve_changes_total", Int(statistics.journalHead))
        let gauges: [(String, String, Int)] = [
            ("reeve_tasks", "Tasks.", statistics.tasks),
            ("reeve_live_runs", "Runs that have not stopped.", statistics.liveRuns),
            ("reeve_services", "Services.", statistics.services),
            ("reeve_ready_services", "Services that are ready.", statistics.readyServices),
            ("reeve_dead_letters", "Dead letters of all endpoints.", statistics.deadLetters),
        ]
        for (name, help, value) in gauges {
            text.family(name, .gauge, help)
            text.sample(name, value)
        }
        text.family("reeve_store_bytes", .gauge, "The database with its log.", unit: "bytes")
        text.sample("reeve_store_bytes", Int(statistics.databaseBytes + statistics.logBytes))
        text.family("reeve_store_used_bytes", .gauge, "What of the database is in use.", unit: "bytes")
        text.sample("reeve_store_used_bytes", statistics.usedBytes)
        guard let budget else { return }
        text.family("reeve_store_budget_bytes", .gauge, "How much may be.", unit: "bytes")
        text.sample("reeve_store_budget_bytes", budget)
    }

    // MARK: Endpoints

    private func addBacklogs(to text: inout OpenMetricsText) {
        func gauge(_ name: String, _ help: String, _ value: (Endpoint) -> Int) {
            text.family(name, .gauge, help)
            for endpoint in endpoints { text.sample(name, value(endpoint), Self.labels(endpoint)) }
        }
        gauge("reeve_endpoint_pending", "Changes that are meant for it and not delivered.") {
            $0.backlog.pending
        }
        gauge("reeve_endpoint_dead_letters", "Its dead letters.") { $0.backlog.deadLetters }
        gauge("reeve_endpoint_muted", "1 while it is muted.") { $0.isMuted ? 1 : 0 }
        let age = "reeve_endpoint_oldest_undelivered_seconds"
        text.family(
            age,
            .gauge,
            "How old the oldest change is that it has not got; 0 if there is none.",
            unit: "seconds"
        )
        for endpoint in endpoints {
            let milliseconds = endpoint.backlog.oldest.map { now.since($0).milliseconds } ?? 0
            text.sample(age, Double(max(0, milliseconds)) / 1000, Self.labels(endpoint))
        }
        let state = "reeve_endpoint_state"
        text.family(state, .stateset, "How it stands.")
        for endpoint in endpoints {
            text.states(state, Self.labels(endpoint), endpoint.state)
        }
    }

    /// Those to which something is sent, and what is known of that.
    private var sent: [(labels: OpenMetricsText.Labels, overview: EndpointOverview)] {
        endpoints.compactMap { endpoint in endpoint.overview.map { (Self.labels(endpoint), $0) } }
    }

    private func addCounts(to text: inout OpenMetricsText) {
        func counter(_ name: String, _ help: String, _ value: (DeliveryCounts) -> Int) {
            text.family(name, .counter, help)
            for endpoint in sent { text.sample(name + "_total", value(endpoint.overview.counts), endpoint.labels) }
        }
        counter("reeve_endpoint_accepted", "Changes that its filter took.", \.accepted)
        counter("reeve_endpoint_filtered", "Changes that its filter refused.", \.filtered)
        counter("reeve_endpoint_muted_changes", "Changes not sent because it was muted then.", \.muted)
        counter("reeve_endpoint_delivered", "Changes that were answered with success.", \.delivered)
        counter("reeve_endpoint_retries", "Requests that failed and were, or will be, made again.", \.retries)
        counter("reeve_endpoint_parked", "Changes that were given up.", \.dead)
        text.family("reeve_endpoint_in_flight", .gauge, "Requests under way.")
        for endpoint in sent { text.sample("reeve_endpoint_in_flight", endpoint.overview.inFlight, endpoint.labels) }
        text.family("reeve_endpoint_laggards", .gauge, "Lanes that were left behind.")
        for endpoint in sent { text.sample("reeve_endpoint_laggards", endpoint.overview.laggards, endpoint.labels) }
        text.family("reeve_endpoint_answers", .counter, "Requests by the status of their answer.")
        for endpoint in sent {
            for (status, count) in endpoint.overview.counts.statuses.sorted(by: { $0.key < $1.key }) {
                let labels = endpoint.labels + [("status", EndpointView.statusName(status))]
                text.sample("reeve_endpoint_answers_total", count, labels)
            }
        }
        let breaker = "reeve_endpoint_breaker"
        text.family(breaker, .stateset, "Whether it is being tried.")
        for endpoint in sent {
            text.states(breaker, endpoint.labels, endpoint.overview.breaker)
        }
    }

    private func addLatencies(to text: inout OpenMetricsText) {
        let name = "reeve_endpoint_request_duration_seconds"
        text.family(name, .histogram, "How long requests took.", unit: "seconds")
        for (labels, overview) in sent {
            let durations = overview.counts.durations
            var count = 0
            for (bound, number) in zip(DurationHistogram.bounds, durations.counts) {
                count += number
                text.sample(name + "_bucket", count, labels + [("le", "\(Double(bound.milliseconds) / 1000)")])
            }
            text.sample(name + "_bucket", durations.count, labels + [("le", "+Inf")])
            text.sample(name + "_count", durations.count, labels)
            text.sample(name + "_sum", durations.sum, labels)
        }
    }

    private static func labels(_ endpoint: Endpoint) -> OpenMetricsText.Labels { [("endpoint", endpoint.name)] }
}
