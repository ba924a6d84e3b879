import JSON
import JSONRPC

/// What the agent shows over HTTP beside its methods. Each is a method's result: who may not call that may not see it.
enum HTTPPages {
    static let all: [String: HTTPPage] = [
        // That it answers is all there is to say.
        "/healthz": HTTPPage(method: "agent.ping") { _ in .words(200, "ok") },
        "/readyz": HTTPPage(method: "agent.status", content: readiness),
        "/metrics": HTTPPage(method: "agent.metrics") { result in
            .init(contentType: result["contentType"]?.string ?? "text/plain", body: result["text"]?.string ?? "")
        },
        "/openrpc.json": HTTPPage(method: "rpc.discover") { document in
            .init(contentType: "application/json", body: document.text)
        },
    ]

    /// What is not ready, a part on a line.
    private static func readiness(_ status: JSON) -> HTTPPage.Content {
        guard status["ready"]?.bool != true else { return .words(200, "ready") }
        let parts = (status["degraded"]?.array ?? []).map { entry in
            "\(entry["part"]?.string ?? "?"): \(entry["reason"]?.string ?? entry["state"]?.string ?? "?")"
        }
        return .words(503, (["not ready"] + parts).joined(separator: "\n"))
    }
}
