import ReeveProtocol
import Testing

@testable import ReeveAgent

/// The manual has all that can be written.
struct ManualTests {
    private static let page: Result<String, any Error> = Result { try ProtocolFile.text("../contrib/man/reeve.yaml.5") }

    /// Every word of its lines of literals.
    private static func words() throws -> Set<String> {
        let lines = try page.get().split(separator: "\n").filter { $0.hasPrefix(".Li ") || $0.hasPrefix(".It Li ") }
        return Set(lines.flatMap { $0.split { !($0.isLetter || $0.isNumber) }.map(String.init) })
    }

    @Test func `reeve yaml 5 has every key of the configuration and every field`() throws {
        let words = try Self.words()
        func check<Key: CodingKey & CaseIterable>(_ keys: Key.Type) {
            let missing = Key.allCases.map(\.stringValue).filter { !words.contains($0) }
            #expect(missing == [], "\(keys)")
        }
        check(ConfigurationFile.CodingKeys.self)
        check(ConfigurationFile.RunnerSection.CodingKeys.self)
        check(ConfigurationFile.OutputSection.CodingKeys.self)
        check(ConfigurationFile.HistorySection.CodingKeys.self)
        check(ConfigurationFile.StoreSection.CodingKeys.self)
        check(ConfigurationFile.SchedulerSection.CodingKeys.self)
        check(ConfigurationFile.SocketSection.CodingKeys.self)
        check(ConfigurationFile.LimitsSection.CodingKeys.self)
        check(TaskDefinition.CodingKeys.self)
        check(StepDefinition.CodingKeys.self)
        check(LimitsDefinition.CodingKeys.self)
        check(AttachmentDefinition.CodingKeys.self)
        check(TaskRetryDefinition.CodingKeys.self)
        check(ServiceDefinition.CodingKeys.self)
        check(EndpointDefinition.CodingKeys.self)
        check(EventFilter.CodingKeys.self)
    }
}
