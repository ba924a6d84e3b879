import ReeveEngine
package import ReeveProtocol

/// How the engine sees a service, beside what is recorded of it.
package struct ServiceSituation: Sendable, Hashable {
    /// What has to be before it is started, and is not.
    package var waitingFor: [RequirementDefinition]
    /// What went wrong last.
    package var error: String?
    package var nextTry: Timestamp?

    fileprivate init(_ report: ManifoldReport) {
        // While it stops, it waits for who depends on it, which is another matter.
        waitingFor =
            report.state == .stopped ? report.waitingFor.compactMap(RequirementDefinition.init(resource:)) : []
        error = report.error
        nextTry = report.nextTry.map(Timestamp.init(milliseconds:))
    }
}

extension Services {
    /// `nil` if the engine does not keep it: it is not to run, or is not known.
    package func situation(of name: String) -> ServiceSituation? {
        situations()[name]
    }

    package func situations() -> [String: ServiceSituation] {
        let manifolds = engine.snapshot().manifolds
        return Dictionary(
            manifolds.lazy.map { ($0.name, ServiceSituation($0)) },
            uniquingKeysWith: { first, _ in first }
        )
    }
}
