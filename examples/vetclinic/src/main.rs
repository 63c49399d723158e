//! x
mod schema;
fn main() {
    use mizzle::prelude::*;
    use schema::*;
    let _ = async |db: Db| -> Result<(), mizzle::Error> {
        let o: Owner = db.insert(NewOwner::new("a", "b").telephone("x")).await?;
        let johns: Vec<With<Owner, Vec<Pet>>> = db.load(Owner::query().filter(owner::name.eq("x")).with(Owner::pets().order_by(pet::name))).await?;
        let pets = db.load(Pet::query().with(Pet::owner().with(Owner::pets()))).await?;
        let vets = db.load(Vet::query().with(Vet::specialties().filter(specialty::name.like("x")))).await?;
        println!("{:?} {} {:?}", johns[0].related, vets[0].name, pets[0].related);
        let v: Vec<(String, Option<Pet>)> = db.load(owner::table.left_join(pet::table).select((owner::name, Option::<Pet>::as_select()))).await?;
        let n: i64 = db.first(owner::table.count()).await?;
        db.execute(Owner::delete().filter(owner::id.eq(o.id))).await?;
        db.transaction(async |tx| { tx.execute(Owner::update(&OwnerPatch { city: Some("x".into()), ..Default::default() }).filter(owner::id.eq(o.id))).await?; Ok::<_, mizzle::Error>(()) }).await?;
        db.execute(mizzle::diesel::insert_into(specialty::table).values(vec![NewSpecialty::new("x"), NewSpecialty::new("y")]).on_conflict_do_nothing()).await?;
        let _ = (v, n);
        Ok(())
    };
}
