import Glibc
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import ReeveLaunch
import ReeveProtocol

/// The transport over the network: HTTP/1.1 and HTTP/2, with TLS where the URL says so, connections kept for reuse.
///
/// It takes no proxy from the environment, follows no redirect and repeats nothing by itself.
package final class HTTPTransport: Transport {
    /// Connections to one receiver that are kept.
    static let connectionsPerHost = 100

    private let client: HTTPClient
    private let clock: any Clock<Duration>

    /// - Parameter clock: Limits how long an answer's body may take.
    package init(clock: any Clock<Duration>) {
        self.clock = clock
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow, proxy: nil)
        configuration.timeout = HTTPClient.Configuration.Timeout(connect: .seconds(10))
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Self.connectionsPerHost
        // There is one retry layer, and it is not this.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    }

    package func shutDown() async {
        await client.closed()
    }

    package func post(_ request: TransportRequest) async throws(TransportFailure) -> TransportAnswer {
        do {
            return try await exchange(request)
        } catch {
            throw TransportFailure(Self.explanation(of: error, timeout: request.timeout))
        }
    }

    private func exchange(_ request: TransportRequest) async throws -> TransportAnswer {
        var message = HTTPClientRequest(url: request.url)
        message.method = .POST
        for header in request.headers { message.headers.add(name: header.name, value: header.value) }
        message.body = .bytes(request.body, length: .known(Int64(request.body.count)))
        let deadline = NIODeadline.now() + TimeAmount(request.timeout)
        let response = try await client.execute(message, deadline: deadline)
        let length = response.headers.first(name: "content-length")
        // Up to here the client keeps the deadline, and from here on nobody else does.
        let left = Duration.nanoseconds((deadline - .now()).nanoseconds)
        let body = length == "0" ? [] : try await beginning(of: response.body, within: left)
        return TransportAnswer(
            status: Int(response.status.code),
            headers: response.headers.map { TransportHeader(name: $0.name, value: $0.value) },
            body: body
        )
    }

    private func beginning(of body: HTTPClientResponse.Body, within limit: Duration) async throws -> [UInt8] {
        let clock = clock
        return try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask { try await Self.beginning(of: body) }
            group.addTask {
                try await clock.sleep(for: limit)
                throw HTTPClientError.deadlineExceeded
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
    }

    private static func beginning(of body: HTTPClientResponse.Body) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await buffer in body {
            bytes += buffer.readableBytesView.prefix(TransportAnswer.bodyLimit - bytes.count)
            // The rest is not worth having: its connection is closed instead.
            if bytes.count >= TransportAnswer.bodyLimit { break }
        }
        return bytes
    }

    private static func explanation(of error: any Error, timeout: Duration) -> String {
        switch error {
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            return "no whole answer within \(Interval(timeout))"
        case let error as HTTPClientError where error == .connectTimeout: return "cannot connect: nobody answers there"
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            return "the connection was closed before the answer was whole"
        case HTTPParserError.invalidEOFState, ChannelError.ioOnClosedChannel, ChannelError.eof:
            return "the connection was closed before the answer was whole"
        case let error as HTTPClientError where error == .cancelled: return "the request was given up"
        case is CancellationError: return "the request was given up"
        case let error as HTTPClientError: return "cannot send the request: \(error.shortDescription)"
        case let error as NIOConnectionError: return "cannot connect: \(reason(of: error))"
        case let error as IOError where connectErrors.contains(error.errnoCode):
            return "cannot connect: \(meaning(of: error))"
        case let error as IOError: return "the connection broke: \(meaning(of: error))"
        default: return tlsExplanation(String(describing: error))
        }
    }

    private static let connectErrors = [ECONNREFUSED, EHOSTUNREACH, ENETUNREACH, ENETDOWN, ETIMEDOUT, ENOENT, EACCES]

    private static func reason(of error: NIOConnectionError) -> String {
        if let failure = error.connectionErrors.first {
            return (failure.error as? IOError).map(meaning) ?? String(describing: failure.error)
        }
        return error.dnsAError == nil && error.dnsAAAAError == nil
            ? "no address" : "the name \(error.host) is not known"
    }

    private static func meaning(of error: IOError) -> String {
        String(cString: strerror(error.errnoCode))
    }

    /// What NIOSSL says is one long line with a place in BoringSSL's source; the capitals in it are what went wrong.
    private static func tlsExplanation(_ text: String) -> String {
        if text.contains("CERTIFICATE_VERIFY_FAILED") {
            return
                "TLS failed: the receiver's certificate is not signed by an authority that this host trusts, or has expired"
        }
        if text.contains("failedToValidateHostname") || text.contains("unableToValidateCertificate") {
            return "TLS failed: the receiver's certificate is for another name"
        }
        return "cannot send the request: \(text.prefix(200))"
    }
}

extension TimeAmount {
    /// Saturates at 2^63 − 1 nanoseconds.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        self = overflow ? .nanoseconds(.max) : .nanoseconds(whole + attoseconds / 1_000_000_000)
    }
}
