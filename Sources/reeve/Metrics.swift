import ArgumentParser
import JSON

/// `reeve metrics`
struct Metrics: Command {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Print what the agent counts, as OpenMetrics.",
        discussion: """
            For Prometheus by way of the node exporter's text files, or any other collector that reads a program's output.

            EXAMPLES:
              reeve metrics | grep endpoint_pending
              reeve metrics > /var/lib/node_exporter/reeve.prom.new
            """
    )

    @OptionGroup var options: GlobalOptions

    func perform() async throws {
        let session = try await Session.open(options)
        let answer = try await session.call("agent.metrics")
        if !session.printJSON(answer) { Standard.print(answer["text"]?.string ?? "") }
    }
}
