import Glibc
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL
import ReeveLaunch
package import ReeveProtocol

/// The transport over the network: HTTP/1.1 and HTTP/2, with TLS where the URL says so, connections kept for reuse.
///
/// It takes no proxy from the environment, follows no redirect and repeats nothing by itself.
package final class HTTPTransport: Transport {
    /// Connections to one receiver that are kept.
    static let connectionsPerHost = 100

    private let client: HTTPClient
    private let clock: any Clock<Duration>
    private let wallClock: any WallClock

    /// - Parameters:
    ///   - clock: Limits how long an answer's body may take.
    ///   - wallClock: Says whether a certificate that was refused has expired.
    package init(clock: any Clock<Duration>, wallClock: any WallClock) {
        self.clock = clock
        self.wallClock = wallClock
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
        let deadline = NIODeadline.now() + TimeAmount(request.timeout)
        do {
            return try await exchange(request, deadline)
        } catch {
            guard let refusal = CertificateRefusal(error) else {
                throw TransportFailure(Self.explanation(of: error, timeout: request.timeout))
            }
            throw TransportFailure(
                "TLS failed: the receiver's certificate " + (await fault(refusal, request, deadline))
            )
        }
    }

    private func exchange(_ request: TransportRequest, _ deadline: NIODeadline) async throws -> TransportAnswer {
        var message = HTTPClientRequest(url: request.url)
        message.method = .POST
        for header in request.headers { message.headers.add(name: header.name, value: header.value) }
        message.body = .bytes(request.body, length: .known(Int64(request.body.count)))
        if let authorities = request.authorities {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .certificates(authorities.certificates)
            message.tlsConfiguration = configuration
        }
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

    /// What is wrong with a certificate that was not accepted.
    private func fault(
        _ refusal: CertificateRefusal,
        _ request: TransportRequest,
        _ deadline: NIODeadline
    ) async -> String {
        guard let address = WebAddress(request.url), deadline > .now() else { return "is not accepted" }
        let shown = await CertificateLook.certificates(
            at: address,
            within: deadline - .now(),
            on: client.eventLoopGroup
        )
        switch refusal {
        case .otherName:
            let hosts = shown?.first.flatMap(CertificateNames.init)?.hosts ?? []
            return CertificateReview.fault(of: hosts, insteadOf: address.host)
        case .untrusted:
            guard let shown else { return "is not accepted" }
            return CertificateReview(
                chain: shown.map(CertificateReview.Certificate.init),
                authorities: request.authorities?.path,
                now: wallClock.now
            ).fault
        }
    }

    private static func explanation(of error: any Error, timeout: Duration) -> String {
        switch error {
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            return "no whole answer within \(Interval(timeout))"
        case let error as HTTPClientError where error == .connectTimeout: return "cannot connect: nobody answers there"
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            return "the connection was closed before the answer was whole"
        // Over HTTP/2 a connection has many streams, of which the request's alone may have ended.
        case is NIOHTTP2Errors.StreamClosed, is NIOHTTP2Errors.IOOnClosedConnection:
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
        case NIOSSLError.handshakeFailed(let reason):
            let isPlain = ["WRONG_VERSION_NUMBER", "HTTP_REQUEST"].contains(where: String(describing: reason).contains)
            return "TLS failed: " + (isPlain ? "the receiver speaks no TLS there" : String(describing: reason))
        default: return "cannot send the request: \(String(describing: error).prefix(200))"
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
}

extension TimeAmount {
    /// Saturates at 2^63 − 1 nanoseconds.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        self = overflow ? .nanoseconds(.max) : .nanoseconds(whole + attoseconds / 1_000_000_000)
    }
}
