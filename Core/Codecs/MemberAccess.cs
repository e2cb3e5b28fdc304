using System.Reflection;
using System.Reflection.Emit;

namespace Dpark.Codecs;

/// <summary>Copies one member of many records to a column and back, without a call per record.</summary>
internal abstract class MemberAccess<TRecord, TMember>
{
    /// <summary>Reads the member of each record.</summary>
    /// <param name="members">As long as <paramref name="records"/>.</param>
    public abstract void Gather(ReadOnlySpan<TRecord> records, Span<TMember> members);

    /// <summary>Sets the member of each record.</summary>
    /// <param name="members">As long as <paramref name="records"/>.</param>
    public abstract void Scatter(Span<TRecord> records, ReadOnlySpan<TMember> members);
}

/// <summary>The first of two: pairs are everywhere and must not wait for emitted code.</summary>
internal sealed class PairKeyAccess<TKey, TValue> : MemberAccess<(TKey, TValue), TKey>
{
    public override void Gather(ReadOnlySpan<(TKey, TValue)> records, Span<TKey> members)
    {
        members = members[..records.Length];
        for (var i = 0; i < records.Length; i++)
        {
            members[i] = records[i].Item1;
        }
    }

    public override void Scatter(Span<(TKey, TValue)> records, ReadOnlySpan<TKey> members)
    {
        members = members[..records.Length];
        for (var i = 0; i < records.Length; i++)
        {
            records[i].Item1 = members[i];
        }
    }
}

/// <summary>The second of two.</summary>
internal sealed class PairValueAccess<TKey, TValue> : MemberAccess<(TKey, TValue), TValue>
{
    public override void Gather(ReadOnlySpan<(TKey, TValue)> records, Span<TValue> members)
    {
        members = members[..records.Length];
        for (var i = 0; i < records.Length; i++)
        {
            members[i] = records[i].Item2;
        }
    }

    public override void Scatter(Span<(TKey, TValue)> records, ReadOnlySpan<TValue> members)
    {
        members = members[..records.Length];
        for (var i = 0; i < records.Length; i++)
        {
            records[i].Item2 = members[i];
        }
    }
}

/// <summary>Any instance field, also a private or read-only one, by two emitted loops.</summary>
internal sealed class FieldAccess<TRecord, TMember>(FieldInfo field) : MemberAccess<TRecord, TMember>
{
    private readonly GatherLoop _gather = EmitGather(field);
    private readonly ScatterLoop _scatter = EmitScatter(field);

    private delegate void GatherLoop(ref TRecord records, ref TMember members, int count);

    private delegate void ScatterLoop(ref TRecord records, ref TMember members, int count);

    public override void Gather(ReadOnlySpan<TRecord> records, Span<TMember> members)
    {
        members = members[..records.Length];
        _gather(
            ref System.Runtime.InteropServices.MemoryMarshal.GetReference(records),
            ref System.Runtime.InteropServices.MemoryMarshal.GetReference(members),
            records.Length);
    }

    public override void Scatter(Span<TRecord> records, ReadOnlySpan<TMember> members)
    {
        members = members[..records.Length];
        _scatter(
            ref System.Runtime.InteropServices.MemoryMarshal.GetReference(records),
            ref System.Runtime.InteropServices.MemoryMarshal.GetReference(members),
            records.Length);
    }

    private static GatherLoop EmitGather(FieldInfo field)
    {
        var method = NewMethod("Gather");
        EmitLoop(method.GetILGenerator(), il =>
        {
            il.Emit(OpCodes.Ldarg_1);
            EmitRecord(il);
            il.Emit(OpCodes.Ldfld, field);
            il.Emit(OpCodes.Stobj, typeof(TMember));
        });
        return method.CreateDelegate<GatherLoop>();
    }

    private static ScatterLoop EmitScatter(FieldInfo field)
    {
        var method = NewMethod("Scatter");
        EmitLoop(method.GetILGenerator(), il =>
        {
            EmitRecord(il);
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Ldobj, typeof(TMember));
            il.Emit(OpCodes.Stfld, field);
        });
        return method.CreateDelegate<ScatterLoop>();
    }

    private static DynamicMethod NewMethod(string name) => new(
        name,
        typeof(void),
        [typeof(TRecord).MakeByRefType(), typeof(TMember).MakeByRefType(), typeof(int)],
        typeof(FieldAccess<TRecord, TMember>).Module,
        skipVisibility: true);

    // A struct is reached through the reference itself, an object through the reference stored there.
    private static void EmitRecord(ILGenerator il)
    {
        il.Emit(OpCodes.Ldarg_0);
        if (!typeof(TRecord).IsValueType)
        {
            il.Emit(OpCodes.Ldind_Ref);
        }
    }

    private static void EmitLoop(ILGenerator il, Action<ILGenerator> body)
    {
        var test = il.DefineLabel();
        var next = il.DefineLabel();
        il.Emit(OpCodes.Br, test);
        il.MarkLabel(next);
        body(il);
        EmitAdvance(il, 0, typeof(TRecord));
        EmitAdvance(il, 1, typeof(TMember));
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Ldc_I4_1);
        il.Emit(OpCodes.Sub);
        il.Emit(OpCodes.Starg_S, (byte)2);
        il.MarkLabel(test);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Ldc_I4_0);
        il.Emit(OpCodes.Bgt, next);
        il.Emit(OpCodes.Ret);
    }

    private static void EmitAdvance(ILGenerator il, byte argument, Type element)
    {
        il.Emit(OpCodes.Ldarg_S, argument);
        il.Emit(OpCodes.Sizeof, element);
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Starg_S, argument);
    }
}
