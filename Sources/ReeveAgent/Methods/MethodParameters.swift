import ReeveProtocol

// Each says its own names: they are its coding keys, in their order.
extension TaskPutParameters: MethodParameters {}
extension TaskCheckParameters: MethodParameters {}
extension TaskReference: MethodParameters {}
extension TaskRunParameters: MethodParameters {}
extension TaskPauseParameters: MethodParameters {}
extension TaskListParameters: MethodParameters {}
extension SchedulePreviewParameters: MethodParameters {}
extension GroupPutParameters: MethodParameters {}
extension TimelineParameters: MethodParameters {}
extension RunReference: MethodParameters {}
extension RunStopParameters: MethodParameters {}
extension RunWaitParameters: MethodParameters {}
extension RunListParameters: MethodParameters {}
extension RunOutputParameters: MethodParameters {}
extension EventPublishParameters: MethodParameters {}
extension EventReference: MethodParameters {}
extension EventListParameters: MethodParameters {}
extension SubscriptionReference: MethodParameters {}
extension EndpointPutParameters: MethodParameters {}
extension EndpointReference: MethodParameters {}
extension EndpointTestParameters: MethodParameters {}
extension ListParameters: MethodParameters {}
extension StatusParameters: MethodParameters {}
extension NoParameters: MethodParameters {}
extension FlushParameters: MethodParameters {}
extension EngineRestartParameters: MethodParameters {}
extension ServicePutParameters: MethodParameters {}
extension ServiceCheckParameters: MethodParameters {}
extension ServiceGetParameters: MethodParameters {}
extension ServiceReference: MethodParameters {}
extension ServiceOrderParameters: MethodParameters {}
extension ServiceWaitParameters: MethodParameters {}
extension ServiceListParameters: MethodParameters {}
extension ServiceFollowParameters: MethodParameters {}
extension ServiceLogsParameters: MethodParameters {}
