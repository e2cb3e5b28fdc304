using System.Reflection.Emit;

namespace Dpark.Closures.Analysis;

/// <summary>One instruction of a method body.</summary>
/// <param name="Operand">A metadata token, a number of an argument or a local, or the offset that a branch leads to; 0 if there is none.</param>
/// <param name="Targets">Of a switch: the offsets it may lead to.</param>
internal readonly record struct IlInstruction(int Offset, OpCode Code, int Operand, int[]? Targets)
{
    /// <summary>The argument that is loaded, stored or addressed; -1 if none.</summary>
    public int Argument => Code.Value switch
    {
        0x02 or 0x03 or 0x04 or 0x05 => Code.Value - 0x02,
        0x0E or 0x0F or 0x10 => Operand,
        _ when Code == OpCodes.Ldarg || Code == OpCodes.Ldarga || Code == OpCodes.Starg => Operand,
        _ => -1,
    };

    /// <summary>The local variable that is loaded, stored or addressed; -1 if none.</summary>
    public int Local => Code.Value switch
    {
        >= 0x06 and <= 0x09 => Code.Value - 0x06,
        >= 0x0A and <= 0x0D => Code.Value - 0x0A,
        0x11 or 0x12 or 0x13 => Operand,
        _ when Code == OpCodes.Ldloc || Code == OpCodes.Ldloca || Code == OpCodes.Stloc => Operand,
        _ => -1,
    };
}
