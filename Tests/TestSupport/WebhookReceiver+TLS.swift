import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOSSL

extension WebhookReceiver {
    /// What a receiver shows over TLS, and which HTTP it speaks there.
    package struct TLS: Sendable {
        /// Files in PEM: the receiver's own certificate first, then those that signed it.
        package var certificates: String
        package var key: String
        /// As ALPN has them, the best first.
        package var protocols: [String]

        package init(certificates: String, key: String, protocols: [String] = ["h2", "http/1.1"]) {
            self.certificates = certificates
            self.key = key
            self.protocols = protocols
        }

        func context() throws -> NIOSSLContext {
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: try NIOSSLCertificate.fromPEMFile(certificates).map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
            )
            configuration.applicationProtocols = protocols
            return try NIOSSLContext(configuration: configuration)
        }
    }

    /// Answers what comes over TLS, in the HTTP that the client wants of those that there are.
    func converse(over channel: any Channel, _ context: NIOSSLContext) async throws {
        let negotiation = try await channel.eventLoop.flatSubmit {
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
            }.flatMap {
                channel.configureAsyncHTTPServerPipeline(
                    http1ConnectionInitializer: Self.wrap,
                    http2ConnectionInitializer: { $0.eventLoop.makeSucceededVoidFuture() },
                    http2StreamInitializer: { stream in
                        stream.eventLoop.makeCompletedFuture {
                            try stream.pipeline.syncOperations.addHandler(HTTP2FramePayloadToHTTP1ServerCodec())
                        }.flatMap { Self.wrap(stream) }
                    }
                )
            }
        }.get()
        try await channel.setOption(.autoRead, value: true).get()
        switch try await negotiation.get() {
        case .http1_1(let connection): try await converse(over: connection)
        case .http2((_, let streams)):
            try await withThrowingDiscardingTaskGroup { group in
                for try await stream in streams.inbound {
                    // A stream that breaks ends here and nowhere else.
                    group.addTask { try? await self.converse(over: stream) }
                }
            }
        }
    }

    @Sendable private static func wrap(_ channel: any Channel) -> EventLoopFuture<Connection> {
        channel.eventLoop.makeCompletedFuture { try Connection(wrappingChannelSynchronously: channel) }
    }
}
