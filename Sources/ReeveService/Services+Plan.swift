import Glibc
import Logging
import NIOConcurrencyHelpers
import ReeveEngine
import ReeveProtocol
import ReeveStore

// What the plan says, done to the engine.
extension Services {
    func carryOut(_ actions: [ServicePlan.Action]) {
        var newcomers: [StoredService] = []
        for action in actions {
            switch action {
            case .install(let service): newcomers.append(service)
            case .leave(let service, let cause): leave(service, cause)
            case .end(let service, let cause): end(service, cause)
            case .adjust(let service): adjust(service)
            case .start(let service): start(service)
            case .restart(let service, let cause): restart(service, cause)
            case .rest(let service): rest(service)
            case .forget(let service): forget(service)
            }
        }
        install(newcomers.filter(mayCome))
    }

    // MARK: Coming

    /// What is just being removed from the engine cannot be installed yet: the plan is made again when it has left.
    private func mayCome(_ service: StoredService) -> Bool {
        let milestones = state.withLockedValue { $0.milestones }
        return service.definition.milestones.allSatisfy { milestones[$0] != true }
    }

    /// All at once, with what they wait for; should one be refused, the others come nevertheless.
    private func install(_ services: [StoredService]) {
        guard !services.isEmpty else { return }
        let arrivals = services.map { (service: $0, installed: newcomer($0)) }
        for (service, _) in arrivals where !isRunning(service.name) {
            custody.change(service.name) { ledger in
                ledger.isHeld = false
                ledger.requestTaken(service.orders.request, ends: .changed, at: wallClock.now)
            }
        }
        do {
            try install(group: arrivals)
        } catch  where error.code == .stopping {
            // The part is ending, and what comes after it makes its own plan.
        } catch {
            guard services.count > 1 else { return refused(services[0], error) }
            for service in services { install([service]) }
        }
    }

    private func install(
        group: [(service: StoredService, installed: ServicePlan.Installed)]
    ) throws(EngineError) {
        let known = Set(state.withLockedValue { $0.milestones }.keys)
        let missing = Set(group.flatMap(\.service.definition.milestones)).subtracting(known)
        // Before the engine has them: it may start one at once, which then looks for its definition here.
        state.withLockedValue { state in
            for milestone in missing { state.milestones[milestone] = false }
            for (service, installed) in group { state.installed[service.name] = installed }
        }
        do {
            try engine.install(group.map { manifold($0.service) } + missing.map(manifold))
        } catch {
            state.withLockedValue { state in
                for milestone in missing { state.milestones[milestone] = nil }
                for (service, _) in group { state.installed[service.name] = nil }
            }
            throw error
        }
        // Of those that are taken over, something may have been asked meanwhile.
        if group.contains(where: { $0.installed.request < $0.service.orders.request }) { planAgain() }
    }

    private func newcomer(_ service: StoredService) -> ServicePlan.Installed {
        ServicePlan.Installed(
            definition: service.definition,
            request: isRunning(service.name) ? service.state.request : service.orders.request,
            lastStart: service.orders.lastStart
        )
    }

    /// Circles are refused where services are put: this is a defect, or two of them were put by hands at odds.
    private func refused(_ service: StoredService, _ error: EngineError) {
        logger.error("a service cannot be kept", metadata: ["service": "\(service.name)", "reason": "\(error)"])
        custody.change(service.name) { $0.refused(error.message, at: wallClock.now) }
    }

    // MARK: Going

    private func leave(_ service: StoredService, _ cause: ServiceStopCause) {
        let name = service.name
        custody.setCause(cause, of: name)
        custody.change(name) { ledger in
            ledger.isHeld = service.orders.stopped != nil
            ledger.requestTaken(service.orders.request, ends: cause, at: wallClock.now)
        }
        state.withLockedValue { $0.installed[name]?.isLeaving = true }
        remove(name, as: .service(name))
    }

    /// Takes it out of the engine, which may take long; what comes then is another plan's.
    private func remove(_ name: String, as leaver: Leaver) {
        do {
            try engine.remove(name)
        } catch {
            // What is in our books is in the engine, until it has left.
            logger.error("cannot remove from the engine", metadata: ["manifold": "\(name)", "reason": "\(error)"])
        }
        seeOff(leaver) { [engine, clock] in
            while true {
                do {
                    try await engine.stopped([name])
                    return true
                } catch let error as EngineError where error.code == .notStopped {
                    // Overdue; it may end yet, and until then the engine has it.
                    guard (try? await clock.sleep(for: .seconds(1))) != nil else { return false }
                } catch {
                    // An engine that has ended needs no plan any more.
                    return false
                }
            }
        }
    }

    /// Ends a process without the engine: a bounce of this part came between it and its end.
    private func end(_ service: StoredService, _ cause: ServiceStopCause?) {
        let name = service.name
        let cause = cause ?? custody.cause(of: name) ?? .requirement
        let definition = custody.launch(of: name)?.definition ?? service.definition
        custody.change(name) { ledger in
            ledger.isHeld = service.orders.stopped != nil
            ledger.requestTaken(service.orders.request, ends: cause, at: wallClock.now)
            ledger.isStopping()
        }
        state.withLockedValue { state in
            state.installed[name] = ServicePlan.Installed(
                definition: definition,
                request: service.orders.request,
                isLeaving: true
            )
        }
        seeOff(.service(name)) { [launcher, clock, custody, wallClock] in
            guard let exit = await launcher.end(definition, clock: clock) else { return false }
            let end = ServiceEnd(.told, cause: cause.word, reason: cause.text, exit: exit)
            custody.change(name) { $0.ended(end, at: wallClock.now) }
            return true
        }
    }

    /// Those that nobody requires any more.
    func removeUnusedMilestones() {
        let unused = state.withLockedValue { state -> [Milestone] in
            let needed = Set(state.installed.values.flatMap(\.definition.milestones))
            let unused = state.milestones.filter { !$0.value && !needed.contains($0.key) }.map(\.key)
            for milestone in unused { state.milestones[milestone] = true }
            return unused
        }
        for milestone in unused { remove(milestone.name, as: .milestone(milestone)) }
    }

    private func forget(_ service: StoredService) {
        unlink(launcher.files.log(service.name))
        unlink(launcher.files.log(service.name) + ".old")
        custody.letGo(of: service.name)
    }

    // MARK: Staying

    private func adjust(_ service: StoredService) {
        take(service)
        custody.change(service.name) { $0.requestTaken(service.orders.request, ends: nil, at: wallClock.now) }
    }

    private func take(_ service: StoredService) {
        state.withLockedValue { state in
            state.installed[service.name]?.definition = service.definition
            state.installed[service.name]?.request = service.orders.request
            state.installed[service.name]?.lastStart = service.orders.lastStart
        }
        attempt("adjust", service.name) { () throws(EngineError) in
            try engine.setLimits(Self.limits(service.definition), of: service.name)
        }
    }

    private func start(_ service: StoredService) {
        take(service)
        conditions.change(service.name) { $0.forgetEnd() }
        custody.change(service.name) { ledger in
            ledger.requestTaken(service.orders.request, ends: nil, at: wallClock.now)
            ledger.released()
        }
        attempt("start", service.name) { () throws(EngineError) in try engine.start(service.name) }
    }

    private func restart(_ service: StoredService, _ cause: ServiceStopCause) {
        take(service)
        custody.setCause(cause, of: service.name)
        conditions.change(service.name) { $0.forgetEnd() }
        custody.change(service.name) { ledger in
            ledger.requestTaken(service.orders.request, ends: cause, at: wallClock.now)
            ledger.released()
        }
        attempt("restart", service.name) { () throws(EngineError) in try engine.restart(service.name) }
    }

    private func rest(_ service: StoredService) {
        let cause = ServiceStopCause.requested(service.orders.stopped?.text ?? "by hand")
        custody.change(service.name) { ledger in
            ledger.isHeld = true
            ledger.requestTaken(service.orders.request, ends: cause, at: wallClock.now)
        }
    }

    private func attempt(_ what: String, _ name: String, _ body: () throws(EngineError) -> Void) {
        do {
            try body()
        } catch {
            logger.warning("cannot \(what) a service", metadata: ["service": "\(name)", "reason": "\(error)"])
        }
    }
}

extension ServiceDefinition {
    /// The states that it waits for, but for those of having started.
    var milestones: [Milestone] { (requires ?? []).compactMap(Milestone.init) }
}
