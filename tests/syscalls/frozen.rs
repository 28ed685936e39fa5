//! The gateway is stopped in the middle of everything, and goes on later as if no time had passed; then the
//! provider is. Merchants go on asking meanwhile, and the provider calls back a process that does not answer.

use crate::gateway::{DEADLINE, Gateway};
use crate::ground::{Ground, place, subscribe};
use crate::in_full;
use crate::judge::{all_paid_or_lost, judge};
use crate::merchants::Merchants;
use crate::scene::Told;
use rustix::process::{Pid, Signal, kill_process};
use std::time::Duration;

pub fn needs() -> Result<(), &'static str> {
    Ok(())
}

pub fn story() {
    actix_rt::System::new().block_on(async {
        let pause = Duration::from_secs(if in_full() { 180 } else { 3 });
        let (mut ground, dir) = (Ground::bare(7), place());
        let mut gateway = Gateway::start(dir.path(), &ground.sandbox.url, &[], &[]);
        assert!(gateway.is_ready().await, "{}", gateway.said());
        let client = gateway.client("merchant_key");
        subscribe(&client, &ground.receiver).await;
        let merchants =
            Merchants::start(client.clone(), "frozen", 3, &["000", "000", "020", "010"]);
        assert!(merchants.are_told(20, DEADLINE).await, "{}", gateway.said());
        gateway.signal(Signal::STOP);
        // Nobody is waited for: this is how long it is away.
        tokio::time::sleep(pause).await;
        gateway.signal(Signal::CONT);
        assert!(merchants.are_told(20, DEADLINE).await, "{}", gateway.said());
        let sandbox = Pid::from_raw(i32::try_from(ground.sandbox.id()).unwrap()).unwrap();
        kill_process(sandbox, Signal::STOP).unwrap();
        tokio::time::sleep(pause).await;
        kill_process(sandbox, Signal::CONT).unwrap();
        assert!(merchants.are_told(20, DEADLINE).await, "{}", gateway.said());
        let (wanted, wrong) = merchants.end().await;
        let many = wanted.len();
        // The same process brings all of them to their end, and releases what it had asked a person for.
        let lost = all_paid_or_lost(&ground, &client, &wanted).await.unwrap();
        assert!(!gateway.has_ended());
        gateway.kill();
        let told = Told { wanted, wrong, may_be_sent_again: true, ..Told::default() };
        judge(&mut ground, &[], dir.path(), told).await.unwrap();
        println!("{many} payouts, {lost} lost on the way, both stopped for {} s", pause.as_secs());
    });
}
