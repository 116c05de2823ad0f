"""Nobody is overtaken without bound, remote keeps its turn, and a busy point counts as no overtaking."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from servicedesk.queueing.policy import Rule, Waiting, after_call, choose, is_rescue, likely_order, wait_quantiles

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DEFAULT = Rule()


def waiting(arrival: int, **more) -> Waiting:
    return Waiting(**({"id": arrival, "arrival": arrival, "is_remote": False, "issued_at": NOW} | more))


def order_of(queue: list[Waiting], rule: Rule = DEFAULT) -> list[tuple[int, str]]:
    return [(choice.who.arrival, choice.why) for choice in likely_order(queue, rule=rule, now=NOW)]


def test_the_classes_come_in_the_set_order():
    window = (NOW - timedelta(minutes=5), NOW + timedelta(minutes=5))
    queue = [
        waiting(1),
        waiting(2, window=window),
        waiting(3, is_priority=True),
        waiting(4, is_remote=True),
        waiting(5, is_returned=True),
    ]
    assert order_of(queue, Rule(overtakes=99)) == [
        (5, "returned"), (4, "remote"), (3, "priority"), (2, "booked"), (1, "arrival"),
    ]  # fmt: skip


def test_a_booked_number_outside_its_window_goes_by_arrival():
    past = (NOW - timedelta(minutes=50), NOW - timedelta(minutes=40))
    assert order_of([waiting(1), waiting(2, window=past)]) == [(1, "arrival"), (2, "arrival")]


def test_rescue_and_remote_take_turns_while_both_wait():
    old = NOW - timedelta(minutes=31)
    queue = [waiting(n, issued_at=old) for n in (1, 2)] + [waiting(n, is_remote=True) for n in (3, 4, 5)]
    assert order_of(queue) == [(3, "remote"), (1, "rescue"), (4, "remote"), (2, "rescue"), (5, "remote")]


def test_after_a_remote_call_the_rescued_one_is_next():
    queue = [waiting(1, overtakes=3), waiting(2, is_remote=True)]
    assert choose(queue, rule=Rule(last_alternate="remote"), now=NOW).why == "rescue"
    assert choose(queue, rule=Rule(last_alternate="rescue"), now=NOW).why == "remote"


def test_a_busy_point_is_passed_over_without_being_overtaken():
    queue = [waiting(1, is_remote=True, is_busy=True), waiting(2, is_remote=True), waiting(3)]
    choice = choose(queue, rule=Rule(), now=NOW)
    assert choice.who.arrival == 2
    left, _rule = after_call(queue, choice, rule=Rule())
    assert [(one.arrival, one.overtakes) for one in left] == [(1, 0), (3, 0)]


def test_with_everybody_at_busy_points_nobody_is_called():
    assert choose([waiting(1, is_remote=True, is_busy=True)], rule=Rule(), now=NOW) is None


# One step of a day: somebody comes (in one of the classes), or a clerk presses next.
steps = st.lists(st.sampled_from(["onsite", "remote", "priority", "booked", "next", "next"]), max_size=90)


def newcomer(kind: str, arrival: int, now: datetime) -> Waiting:
    window = (now - timedelta(minutes=30), now + timedelta(minutes=30)) if kind == "booked" else None
    return waiting(arrival, issued_at=now, is_remote=kind == "remote", is_priority=kind == "priority", window=window)


def run_day(events: list[str], rule: Rule):
    """Yields (queue, rule, now, choice) before each call; one event a minute, and all who are left at the end."""
    queue: list[Waiting] = []
    now, arrivals = NOW, 0
    for event in [*events, *["next"] * len(events)]:
        now += timedelta(minutes=1)
        if event != "next":
            arrivals += 1
            queue.append(newcomer(event, arrivals, now))
            continue
        choice = choose(queue, rule=rule, now=now)
        if choice is None:
            continue
        yield list(queue), rule, now, choice
        queue, rule = after_call(queue, choice, rule=rule)


@settings(max_examples=150, deadline=None)
@given(steps, st.integers(1, 5))
def test_nobody_is_overtaken_once_more_while_a_rescue_is_possible(events, overtakes):
    """Only the remote head, in its own turn, may go before a number that has let K pass or waited W."""
    for queue, rule, now, choice in run_day(events, Rule(overtakes=overtakes)):
        rescued = [one for one in queue if is_rescue(one, rule, now)]
        if not rescued or choice.why == "rescue":
            continue
        assert choice.why == "remote"
        assert rule.last_alternate != "remote", "remote went twice in a row while somebody was to be rescued"


@settings(max_examples=150, deadline=None)
@given(steps, st.integers(1, 5))
def test_overtaking_has_a_bound(events, overtakes):
    """K, and then one remote call for each earlier number that is rescued first, and one for oneself."""
    for queue, _rule, _now, _choice in run_day(events, Rule(overtakes=overtakes, minutes=10_000)):
        for one in queue:
            if one.is_remote:
                continue
            earlier = sum(other.arrival < one.arrival and not other.is_remote for other in run_day_arrivals(events))
            assert one.overtakes <= overtakes + earlier + 1


def run_day_arrivals(events: list[str]) -> list[Waiting]:
    kinds = [event for event in events if event != "next"]
    return [newcomer(kind, number, NOW) for number, kind in enumerate(kinds, start=1)]


@settings(max_examples=150, deadline=None)
@given(steps)
def test_a_full_hall_never_voids_remotes_turn(events):
    """While a remote number waits, at most one other number goes before the remote head, whatever the hall does."""
    since_remote = 0
    for queue, _rule, _now, choice in run_day(events, Rule(overtakes=1, minutes=1)):
        has_remote = any(one.is_remote for one in queue)
        since_remote = since_remote + 1 if has_remote and choice.why != "remote" else 0
        assert since_remote <= 1


@settings(max_examples=80, deadline=None)
@given(steps)
def test_everybody_is_called_once(events):
    called = [choice.who.id for _queue, _rule, _now, choice in run_day(events, Rule())]
    assert sorted(called) == list(range(1, sum(event != "next" for event in events) + 1))


@settings(max_examples=60, deadline=None)
@given(steps)
def test_the_likely_order_is_the_order_in_which_calls_would_come(events):
    queue = [replace(one, issued_at=NOW) for one in run_day_arrivals(events)]
    order = [choice.who.id for choice in likely_order(queue, rule=Rule(), now=NOW)]
    rule, called = Rule(), []
    while (choice := choose(queue, rule=rule, now=NOW)) is not None:
        called.append(choice.who.id)
        queue, rule = after_call(queue, choice, rule=rule)
    assert order == called


def five_minutes(_dice) -> float:
    return 300.0


def test_a_free_counter_is_a_wait_of_the_pick_up_alone():
    assert wait_quantiles(draws=[], running=[], free=1, pickup_s=30) == [(30, 30)]


def test_waits_follow_the_counters_and_those_before():
    waits = wait_quantiles(draws=[five_minutes] * 3, running=[(100, five_minutes)], free=1, pickup_s=30)
    assert [p50 for p50, _p80 in waits] == [30, 230, 360, 560]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 12), st.integers(1, 5))
def test_an_estimate_grows_along_the_queue_and_p80_is_never_below_p50(length, counters):
    def draw(dice) -> float:
        return dice.uniform(60, 900)

    waits = wait_quantiles(draws=[draw] * length, running=[], free=counters, pickup_s=30)
    assert all(p80 >= p50 for p50, p80 in waits)
    assert all(later[0] >= sooner[0] for sooner, later in zip(waits, waits[1:], strict=False))
