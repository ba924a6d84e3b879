package import JSON

/// What is fetched over HTTP with GET: a method's result in another form.
package struct HTTPPage: Sendable {
    package struct Content: Sendable, Equatable {
        package var status: Int
        package var contentType: String
        package var body: String

        package init(status: Int = 200, contentType: String, body: String) {
            self.status = status
            self.contentType = contentType
            self.body = body
        }

        /// A few words for people.
        package static func words(_ status: Int, _ text: String) -> Content {
            Content(status: status, contentType: "text/plain; charset=utf-8", body: text + "\n")
        }
    }

    /// It is called without parameters, as the one who asks.
    let method: String
    /// Makes the page of the method's result. Called on event loops: it must be quick.
    let content: @Sendable (JSON) -> Content

    package init(method: String, content: @escaping @Sendable (JSON) -> Content) {
        self.method = method
        self.content = content
    }

    /// The page of what the method answered: its result, or an error.
    func content(ofAnswer text: some Collection<UInt8>) -> Content {
        let answer = try? JSON(parsing: Array(text))
        if let result = answer?["result"] { return content(result) }
        let error = answer?["error"]
        let reason = error?["data"]?["reason"]?.string.map { ": \($0)" } ?? ""
        let status =
            switch error?["data"]?["kind"]?.string {
            case "forbidden": 403
            case "unavailable": 503
            default: 500
            }
        return .words(status, (error?["message"]?.string ?? "there is no answer") + reason)
    }
}
