import ReeveProtocol

extension TaskPutParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension TaskCheckParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension TaskReference: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension TaskRunParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension TaskPauseParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension TaskListParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension SchedulePreviewParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension RunReference: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension RunStopParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension RunWaitParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension RunListParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension RunOutputParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension EventPublishParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension EventReference: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension EventListParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension SubscriptionReference: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension EndpointPutParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension EndpointReference: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension EndpointTestParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension ListParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension StatusParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension NoParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension FlushParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}

extension EngineRestartParameters: MethodParameters {
    package static var names: [String] { CodingKeys.allCases.map(\.stringValue) }
}
