//! TEMP.
use super::*;
use crate::sandbox::{InlineSandbox, VirtualClock};
use std::sync::atomic::{AtomicU64, Ordering};
fn rss() -> u64 {
    let s = std::fs::read_to_string("/proc/self/statm").unwrap();
    s.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}
fn fds() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}
#[test]
fn speed_inline() {
    let s = SandboxSettings::default();
    let inline = InlineSandbox::new(&s, Arc::new(VirtualClock::running()));
    let n = Arc::new(AtomicU64::new(0));
    let m = n.clone();
    let verifier = inline.clone();
    inline.on_callback(Arc::new(move |raw| {
        verifier.callback(&raw);
        m.fetch_add(1, Ordering::Relaxed);
    }));
    let base = order(1, 777);
    let orders: Vec<_> = (0..300_000_u128)
        .map(|i| {
            let p = PayoutId((i << 64 | i).to_be_bytes());
            Arc::new(Order { payout: p, reference: provider_reference(p, 1), ..(*base).clone() })
        })
        .collect();
    let r0 = rss();
    let t = Instant::now();
    for o in &orders {
        futures_util::FutureExt::now_or_never(inline.submit(o.clone())).unwrap();
    }
    println!(
        "row {} submit {:?} rss {} per",
        size_of::<crate::sandbox::world::World>(),
        t.elapsed() / 300_000,
        (rss() - r0) / 300_000
    );
    let t = Instant::now();
    while n.load(Ordering::Relaxed) < 300_000 {
        std::thread::sleep(Duration::from_millis(1));
        assert!(t.elapsed().as_secs() < 60);
    }
    println!("callbacks {:?}", t.elapsed());
    let t = Instant::now();
    for o in &orders {
        futures_util::FutureExt::now_or_never(inline.fetch_status(lookup(o))).unwrap();
    }
    println!("fetch {:?} rss {} per", t.elapsed() / 300_000, (rss() - r0) / 300_000);
}
#[actix_web::test]
async fn speed_http() {
    let (server, provider) = start_with(SandboxSettings::default()).await;
    let base = order(1, 777);
    let t = Instant::now();
    futures_util::StreamExt::for_each_concurrent(
        futures_util::stream::iter(0..20_000_u128),
        64,
        |i| {
            let (provider, base) = (provider.clone(), base.clone());
            async move {
                let p = PayoutId((i << 64 | i).to_be_bytes());
                provider
                    .submit(Arc::new(Order {
                        payout: p,
                        reference: provider_reference(p, 1),
                        ..(*base).clone()
                    }))
                    .await;
            }
        },
    )
    .await;
    println!("http submits {}/s fds {}", 20_000_000 / t.elapsed().as_millis(), fds());
    let o = order(1, 10);
    futures_util::StreamExt::for_each_concurrent(
        futures_util::stream::iter(0..200_u128),
        200,
        |i| {
            let (provider, base) = (provider.clone(), o.clone());
            async move {
                let p = PayoutId((i << 64 | i | 1 << 127).to_be_bytes());
                let _ = tokio::time::timeout(
                    Duration::from_millis(300),
                    provider.submit(Arc::new(Order {
                        payout: p,
                        reference: provider_reference(p, 1),
                        ..(*base).clone()
                    })),
                )
                .await;
            }
        },
    )
    .await;
    println!("after hang fds {}", fds());
    tokio::time::sleep(Duration::from_millis(300)).await;
    println!("after hang +300ms fds {}", fds());
    server.stop().await;
}
