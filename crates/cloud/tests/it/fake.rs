//! The fake keeps the contract, lets time pass, and does each injected fault.

use crate::support::{FakeKit, digest, place, version};
use cloud::fake::{Answer, Chaos, Fake, Fault, ImageSettings, Kind, Settings, Verb, VirtualClock};
use cloud::{CloudError, Place, Provider, conformance};
use domain::plan::Template;
use domain::{Group, GroupName, ReleaseNumber, Role, Routes, Time};
use std::sync::Arc;

fn fake() -> (Arc<VirtualClock>, Fake) {
    let clock = VirtualClock::starting_at(Time(1_000_000));
    let fake = Fake::new(clock.as_clock());
    fake.world().set_image(
        digest(3),
        ImageSettings {
            healthy: false,
            ..ImageSettings::default()
        },
    );
    fake.world().remove_image(digest(4));
    (clock, fake)
}

fn group(place: &Place, number: u32, size: u32) -> Group {
    Group {
        name: GroupName::numbered(&place.target.app, &place.target.env, number),
        role: Role::Stable,
        image: digest(u8::try_from(number).unwrap()),
        version: version("1.0.0"),
        release: ReleaseNumber(number),
        size,
        template: Arc::new(Template::default()),
    }
}

/// A healthy group of 2 that gets all traffic.
async fn serving(clock: &VirtualClock, fake: &Fake) -> (Place, GroupName) {
    let place = place(0);
    let group = group(&place, 1, 2);
    fake.ensure_group(&place, &group, 2).await.unwrap();
    clock.advance_ms(100);
    fake.ensure_traffic(&place, &Routes::all_on(&group.name))
        .await
        .unwrap();
    (place, group.name)
}

#[tokio::test]
async fn the_fake_keeps_the_contract() {
    let (clock, fake) = fake();
    let report = conformance::run(&fake, &FakeKit::new(clock)).await;
    report.assert_passed();
    assert!(report.left_out.is_empty(), "{:?}", report.left_out);
    assert!(report.passed.len() >= 30, "{:?}", report.passed);
}

#[tokio::test]
async fn the_suite_notices_a_cloud_that_breaks_the_contract() {
    let (clock, fake) = fake();
    let fault = fake
        .world()
        .add_fault(Fault::always(Verb::EnsureRetired, Kind::Denied));
    let report = conformance::run(&fake, &FakeKit::new(clock)).await;
    assert!(fake.world().fired(fault) > 0);
    assert!(
        report
            .failed
            .iter()
            .any(|f| f.check == "retiring_twice_is_the_same_as_once"),
        "{report:?}"
    );
}

#[tokio::test]
async fn the_suite_leaves_out_what_a_cloud_cannot_do() {
    let clock = VirtualClock::starting_at(Time(0));
    let none = domain::planner::Capabilities {
        weights: false,
        sticky: false,
        headers: false,
    };
    let fake = Fake::with(
        clock.as_clock(),
        Settings {
            capabilities: none,
            ..Settings::default()
        },
    );
    fake.world().set_image(
        digest(3),
        ImageSettings {
            healthy: false,
            ..ImageSettings::default()
        },
    );
    fake.world().remove_image(digest(4));
    let report = conformance::run(&fake, &FakeKit::new(clock)).await;
    report.assert_passed();
    assert_eq!(report.left_out.len(), 3);
}

#[tokio::test]
async fn instances_take_their_time_to_become_healthy() {
    let (clock, fake) = fake();
    let place = place(0);
    let group = group(&place, 1, 3);
    fake.ensure_group(&place, &group, 3).await.unwrap();
    let healthy = async || {
        fake.observe(&place)
            .await
            .unwrap()
            .group(&group.name)
            .unwrap()
            .healthy()
    };
    assert_eq!(healthy().await, 0);
    clock.advance_ms(99);
    assert_eq!(healthy().await, 0);
    clock.advance_ms(1);
    assert_eq!(healthy().await, 3);
}

#[tokio::test]
async fn traffic_flows_by_weight_with_each_images_errors_and_latency() {
    let (clock, fake) = fake();
    fake.world().set_image(
        digest(2),
        ImageSettings {
            error_rate: 0.1,
            latency_us: 80_000,
            ..ImageSettings::default()
        },
    );
    let (place, old) = serving(&clock, &fake).await;
    let new = group(&place, 2, 1);
    fake.ensure_group(&place, &new, 1).await.unwrap();
    clock.advance_ms(100);
    fake.ensure_traffic(&place, &Routes::of([(&old, 80), (&new.name, 20)]))
        .await
        .unwrap();
    clock.advance_ms(10_000);
    let seen = fake.observe(&place).await.unwrap();
    let figures = &seen.group(&new.name).unwrap().figures;
    assert_eq!((figures.requests, figures.errors), (200, 20));
    assert_eq!(figures.latency.quantile_ms(0.5), Some(80.0));
    // 100 ms of all the traffic and 10 s of 80% of it
    assert_eq!(seen.group(&old).unwrap().figures.requests, 810);
    assert_eq!(fake.world().lost_requests(&place.target), 0);
}

#[tokio::test]
async fn requests_without_a_healthy_instance_are_lost_and_counted() {
    let (clock, fake) = fake();
    let (place, group) = serving(&clock, &fake).await;
    let seen = fake.observe(&place).await.unwrap();
    for instance in &seen.group(&group).unwrap().instances {
        assert!(
            fake.world()
                .kill(clock.now(), &place.target, &group, &instance.id)
        );
    }
    clock.advance_ms(1_000);
    let seen = fake.observe(&place).await.unwrap();
    let seen = seen.group(&group).unwrap();
    // both came back after 100 ms; what was asked in between is lost
    assert_eq!((seen.restarts, seen.healthy()), (2, 2));
    assert_eq!(fake.world().lost_requests(&place.target), 10);
}

#[tokio::test]
async fn an_error_is_not_done_and_a_lost_reply_is_done() {
    let (clock, fake) = fake();
    let (place, name) = serving(&clock, &fake).await;
    let size = async || {
        fake.observe(&place)
            .await
            .unwrap()
            .group(&name)
            .unwrap()
            .size
    };
    let retry_after = Some(std::time::Duration::from_secs(2));
    for (kind, size_after) in [
        (Kind::Throttled { retry_after }, 2),
        (Kind::Transient, 2),
        (Kind::Denied, 2),
        (Kind::LostReply, 5),
    ] {
        let fault = fake
            .world()
            .add_fault(Fault::once(Verb::EnsureSize, kind.clone()));
        let error = fake.ensure_size(&place, &name, 5).await.unwrap_err();
        match kind {
            Kind::Throttled { .. } => assert!(
                matches!(error, CloudError::Throttled { retry_after: r, .. } if r == retry_after)
            ),
            Kind::Denied => assert!(matches!(error, CloudError::Denied(_))),
            _ => assert!(matches!(error, CloudError::Transient(_))),
        }
        assert_eq!(size().await, size_after, "{kind:?}");
        assert_eq!(fake.world().fired(fault), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_late_write_lands_after_younger_ones() {
    let (clock, fake) = fake();
    let (place, old) = serving(&clock, &fake).await;
    let new = group(&place, 2, 1);
    fake.ensure_group(&place, &new, 1).await.unwrap();
    clock.advance_ms(100);
    for answer in [Answer::Accepted, Answer::TimesOut] {
        fake.world().add_fault(Fault::once(
            Verb::EnsureTraffic,
            Kind::Late { by_ms: 500, answer },
        ));
        let answered = fake
            .ensure_traffic(&place, &Routes::all_on(&new.name))
            .await;
        assert_eq!(answered.is_ok(), answer == Answer::Accepted);
        fake.ensure_traffic(&place, &Routes::all_on(&old))
            .await
            .unwrap();
        assert!(fake.world().has_late_write(&place.target));
        assert_eq!(
            fake.observe(&place).await.unwrap().routes,
            Routes::all_on(&old)
        );
        clock.advance_ms(500);
        assert_eq!(
            fake.observe(&place).await.unwrap().routes,
            Routes::all_on(&new.name)
        );
        fake.ensure_traffic(&place, &Routes::all_on(&old))
            .await
            .unwrap();
    }
    assert_eq!(fake.world().fired_by_kind()["late"], 2);
}

#[tokio::test]
async fn groups_half_start_and_instances_die() {
    let (clock, fake) = fake();
    let place = place(0);
    let half = fake.world().add_fault(Fault::once(
        Verb::EnsureGroup,
        Kind::HalfStart { healthy: 1 },
    ));
    let first = group(&place, 1, 3);
    fake.ensure_group(&place, &first, 3).await.unwrap();
    let dies = fake
        .world()
        .add_fault(Fault::once(Verb::EnsureGroup, Kind::Dies { after_ms: 400 }));
    let second = group(&place, 2, 2);
    fake.ensure_group(&place, &second, 2).await.unwrap();
    clock.advance_ms(399);
    let seen = fake.observe(&place).await.unwrap();
    assert_eq!(seen.group(&first.name).unwrap().healthy(), 1);
    assert_eq!(seen.group(&second.name).unwrap().healthy(), 2);
    clock.advance_ms(1);
    let seen = fake.observe(&place).await.unwrap();
    let dead = seen.group(&second.name).unwrap();
    assert_eq!((dead.healthy(), dead.running(), dead.restarts), (0, 2, 2));
    let world = fake.world();
    assert_eq!((world.fired(half), world.fired(dies)), (1, 1));
}

#[tokio::test]
async fn a_stale_observation_is_the_one_before() {
    let (clock, fake) = fake();
    let (place, _) = serving(&clock, &fake).await;
    let fault = fake
        .world()
        .add_fault(Fault::once(Verb::Observe, Kind::Stale));
    let before = fake.observe(&place).await.unwrap();
    fake.ensure_traffic(&place, &Routes::default())
        .await
        .unwrap();
    clock.advance_ms(10);
    assert_eq!(fake.observe(&place).await.unwrap(), before);
    assert_eq!(fake.world().fired(fault), 1);
    assert_eq!(
        fake.observe(&place).await.unwrap().routes,
        Routes::default()
    );
}

#[tokio::test]
async fn faults_can_be_narrowed_repeated_and_taken_back() {
    let (clock, fake) = fake();
    let (place, name) = serving(&clock, &fake).await;
    let elsewhere = fake.world().add_fault(
        Fault::always(Verb::EnsureSize, Kind::Transient).at(crate::support::place(1).target),
    );
    let other = fake.world().add_fault(
        Fault::always(Verb::EnsureSize, Kind::Transient).of_group(group(&place, 2, 1).name),
    );
    assert!(fake.ensure_size(&place, &name, 3).await.is_ok());
    let twice = fake.world().add_fault(
        Fault::once(Verb::EnsureSize, Kind::Transient)
            .after(1)
            .times(2),
    );
    let answers: Vec<_> = [4, 5, 6, 7]
        .map(|size| fake.ensure_size(&place, &name, size))
        .into_iter()
        .collect();
    let mut failed = Vec::new();
    for answer in answers {
        failed.push(answer.await.is_err());
    }
    assert_eq!(failed, [false, true, true, false]);
    let always = fake
        .world()
        .add_fault(Fault::always(Verb::EnsureSize, Kind::Denied));
    assert!(fake.ensure_size(&place, &name, 3).await.is_err());
    fake.world().take_back(always);
    assert!(fake.ensure_size(&place, &name, 3).await.is_ok());
    let world = fake.world();
    assert_eq!(
        [elsewhere, other, twice, always].map(|id| world.fired(id)),
        [0, 0, 2, 1]
    );
}

#[tokio::test]
async fn random_faults_are_the_same_for_the_same_seed_and_end() {
    let run = async |seed| {
        let (clock, fake) = fake();
        let (place, _) = serving(&clock, &fake).await;
        let kinds = vec![Kind::Transient, Kind::Throttled { retry_after: None }];
        fake.world().set_chaos(Chaos {
            seed,
            per_mille: 300,
            budget: 20,
            kinds,
        });
        let mut answers = Vec::new();
        for _ in 0..200 {
            answers.push(fake.observe(&place).await.err());
        }
        answers
    };
    let (first, again, other) = (run(7).await, run(7).await, run(8).await);
    assert_eq!(first, again);
    assert_ne!(first, other);
    assert_eq!(first.iter().flatten().count(), 20);
}

#[tokio::test]
async fn drift_is_observed_and_replaced() {
    let (clock, fake) = fake();
    let (place, name) = serving(&clock, &fake).await;
    let id = fake.observe(&place).await.unwrap().groups[0].instances[0]
        .id
        .clone();
    assert!(fake.world().spoil(&place.target, &name, &id, "bin/site"));
    assert!(fake.observe(&place).await.unwrap().groups[0].has_drifted());
    fake.replace_instance(&place, &name, &id).await.unwrap();
    assert!(!fake.observe(&place).await.unwrap().groups[0].has_drifted());
}

#[tokio::test]
async fn eleven_thousand_environments_are_light() {
    let (clock, fake) = fake();
    let group_of = |place: &Place| group(place, 1, 2);
    let base = place(0);
    let places: Vec<_> = (0..11_000)
        .map(|n| {
            let mut target = base.target.clone();
            target.env = domain::EnvName::new(format!("e{n}")).unwrap();
            Place {
                target,
                ..base.clone()
            }
        })
        .collect();
    for place in &places {
        fake.ensure_group(place, &group_of(place), 2).await.unwrap();
    }
    clock.advance_ms(100);
    for place in &places {
        fake.ensure_traffic(place, &Routes::all_on(&group_of(place).name))
            .await
            .unwrap();
    }
    // a day of sleep costs one step at the next look
    clock.advance_ms(86_400_000);
    for place in places.iter().take(1_000) {
        let seen = fake.observe(place).await.unwrap();
        assert_eq!(seen.groups[0].figures.requests, 8_640_000);
    }
    assert_eq!(fake.world().calls(Verb::EnsureGroup), 11_000);
}
