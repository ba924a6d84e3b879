import NIOCore
import NIOHTTP1

extension WebhookReceiver {
    /// What is sent back.
    package enum Answer: Sendable {
        case status(Int, headers: [Header], body: String, isCutMidway: Bool)
        /// Nothing, until the other side gives up.
        case hang
        /// The connection is closed after the request was read.
        case cut
        /// The head of an answer, and nothing after it until the other side gives up.
        case stall(Int)
        /// An answer whose body comes byte by byte, each when it is let, until the other side gives up.
        case drip(Int, pace: @Sendable () async throws -> Void)
        /// An answer with more body than anybody wants, as fast as it is taken.
        case flood(Int)

        package static var ok: Answer { .status(200) }

        package static func status(_ status: Int, headers: [Header] = [], body: String = "") -> Answer {
            .status(status, headers: headers, body: body, isCutMidway: false)
        }

        package static func status(_ status: Int, retryAfter: String) -> Answer {
            .status(status, headers: [Header(name: "retry-after", value: retryAfter)])
        }

        package static func redirect(_ status: Int, to location: String) -> Answer {
            .status(status, headers: [Header(name: "location", value: location)])
        }

        /// The status and a piece of the body, and then the connection is closed.
        package static func cutMidway(_ status: Int) -> Answer {
            .status(status, headers: [], body: "so far", isCutMidway: true)
        }
    }

    typealias Writer = NIOAsyncChannelOutboundWriter<HTTPServerResponsePart>

    /// Answers whether the connection goes on.
    func write(_ answer: Answer, to request: Request, _ outbound: Writer) async throws -> Bool {
        switch answer {
        case .cut: return false
        case .hang: return true
        case .stall(let status):
            try await outbound.write(.head(Self.head(status, length: 10)))
            return true
        case .drip(let status, let pace):
            try await outbound.write(.head(Self.head(status, length: Self.endless)))
            while true {
                try await outbound.write(.body(.byteBuffer(ByteBuffer(string: "."))))
                try await pace()
                try Task.checkCancellation()
            }
        case .flood(let status):
            // Who has seen enough of it has got its answer.
            answered(request, status)
            try await outbound.write(.head(Self.head(status, length: Self.endless)))
            let piece = ByteBuffer(repeating: UInt8(ascii: "x"), count: 64 << 10)
            while true { try await outbound.write(.body(.byteBuffer(piece))) }
        case .status(let status, let headers, let body, let isCutMidway):
            let bytes = ByteBuffer(string: body)
            var head = Self.head(status, length: bytes.readableBytes + (isCutMidway ? 10 : 0))
            for header in headers { head.headers.add(name: header.name, value: header.value) }
            if !isCutMidway { answered(request, status) }
            try await outbound.write(.head(head))
            try await outbound.write(.body(.byteBuffer(bytes)))
            guard !isCutMidway else { return false }
            try await outbound.write(.end(nil))
            return true
        }
    }

    private static let endless = 1 << 40

    private static func head(_ status: Int, length: Int) -> HTTPResponseHead {
        var head = HTTPResponseHead(version: .http1_1, status: HTTPResponseStatus(statusCode: status))
        head.headers.add(name: "content-length", value: "\(length)")
        return head
    }
}
