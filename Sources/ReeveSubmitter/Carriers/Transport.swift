/// Makes single HTTP requests. What an answer means, and whether to try again, is decided elsewhere.
package protocol Transport: Sendable {
    /// Posts once, without following redirects. Ends by the request's timeout or when the task is cancelled.
    func post(_ request: TransportRequest) async throws(TransportFailure) -> TransportAnswer

    /// Closes connections that are kept. Nothing is posted afterwards.
    func shutDown() async
}

package struct TransportHeader: Sendable, Equatable {
    package var name: String
    package var value: String

    package init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

package struct TransportRequest: Sendable {
    package var url: String
    package var headers: [TransportHeader]
    package var body: [UInt8]
    /// From now to the end of the answer.
    package var timeout: Duration
    /// Who is trusted over TLS; `nil`: who the host trusts.
    package var authorities: TLSAuthorities?
}

package struct TransportAnswer: Sendable {
    package var status: Int
    package var headers: [TransportHeader]
    /// Its beginning, up to ``bodyLimit`` bytes.
    package var body: [UInt8]

    package static let bodyLimit = 64 << 10

    package init(status: Int, headers: [TransportHeader] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first header of that name, given in lower case.
    package func value(of name: String) -> String? {
        headers.first { $0.name.lowercased() == name }?.value
    }
}

/// There was no whole answer. The reason is for people and names no secret.
package struct TransportFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}
